"""What each format gives: which type, which values, and what is left out and why.

The files of Airflow were written by `airflow connections export` of Airflow 3.3.2; the others follow the documents that
the modules name.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from credstore.credential_types import by_slug
from credstore.errors import FileRefused
from credstore.importing.candidate import Candidate
from credstore.importing.formats import FORMATS, decode_text, fitting_format
from credstore.importing.pipelit import read_database
from credstore.vault.validation import validate_entry

FILES = Path(__file__).with_name("files")
OPENAI = "sk-proj-CANARY2-0123456789abcdef"
GITHUB = "ghp_CANARY3abcdefghijklmnopqrstuvwx"
BOT = "123456789:CANARY4canary_0123456789abcdefghij"
COMPATIBLE = "openai_compatible"
HOOK = {"Authorization": "Bearer CANARY5-token", "nested": {"a": [1, True]}}


def values_of(one: Candidate) -> Any:
    """The values as they would be stored; the sentence of what is skipped."""
    if one.skipped:
        return one.skipped
    kind = by_slug(one.kind)
    assert kind is not None
    entry = validate_entry(kind, one.name, one.values)
    found = entry.public | entry.secrets
    return one.kind, json.loads(found["extra_config"]) if "extra_config" in found else found


def read(name: str, text: str) -> dict[str, Any]:
    return {one.name: values_of(one) for one in FORMATS[name].read(text)}


LLM_OWN_URL = (
    "llm",
    {"provider_type": COMPATIBLE, "api_key": OPENAI, "base_url": "https://llm.example.com/v1", "test_control": ""},
)


@pytest.mark.parametrize("file", ["airflow-3.3.2.json", "airflow-3.3.2-uri.env", "airflow-3.3.2-json.env"])
def test_airflow(file: str) -> None:
    found = read("airflow", (FILES / file).read_text())
    for prefix in ("", "typed_"):
        assert found[prefix + ("llm" if prefix else "llm_main")][1]["base_url"] == "https://llm.example.com/v1"
        assert found[prefix + ("llm" if prefix else "llm_main")][1]["api_key"] == OPENAI
        assert found[f"{prefix}repo"] == ("git", {"url": "https://github.com", "token": GITHUB})
        assert found[f"{prefix}bot"] == ("telegram", {"bot_token": BOT})
        kind, config = found[f"{prefix}hook"]
        assert (kind, config["host"].rstrip("/"), config["extra"]) == ("tool", "https://hooks.example.com", HOOK)
    assert found["typed_mistral"][1]["base_url"] == "https://api.mistral.ai/v1"
    assert found["typed_extra"][1] == {
        "conn_type": "aws", "login": "AKIA", "password": "CANARY7/+=", "extra": {"region_name": "eu-west-1"},
    }  # fmt: skip
    assert found["warehouse"] == (
        "tool",
        {"conn_type": "generic", "host": "db.example.com", "port": "5432", "schema": "sales", "login": "etl"}
        | {"password": "p@ss/w:rd %CANARY1"},
    )
    assert found["open_data"] == "It has no password, no login and no extra."
    assert len(found) == 12


def test_an_env_file() -> None:
    text = f"""# comment
export OPENAI_API_KEY="{OPENAI}"  # mine
OPENAI_ORG_ID=org-1
GROQ_API_KEY=gsk_CANARYabcdef0123456789
LOCAL_LLM_API_KEY=sk-CANARYlocal0123456789
OTHER_API_KEY=CANARYother
OTHER_API_BASE=http://127.0.0.1:9000/v1/
LOCAL_LLM_BASE_URL=http://127.0.0.1:8000/v1
MISTRAL_API_KEY='CANARYmistral$HOME'
TELEGRAM_BOT_TOKEN={BOT}
GITLAB_TOKEN=glpat-CANARYabcdefghij
DATABASE_URL=postgres://user:CANARY@db/x
STRIPE_SECRET_KEY=sk_live_CANARY
DEBUG=1
EMPTY_TOKEN=
AIRFLOW_CONN_MY_DB=mysql://u:CANARY@h/x
not a line
"""
    found = read("env", text)
    assert found["OPENAI_API_KEY"][1]["organization_id"] == "org-1"
    assert found["OPENAI_API_KEY"][1]["provider_type"] == "openai"
    assert found["OPENAI_ORG_ID"] == "It is a part of OPENAI_API_KEY."
    assert found["GROQ_API_KEY"][1]["base_url"] == "https://api.groq.com/openai/v1"
    assert found["LOCAL_LLM_API_KEY"][1]["base_url"] == "http://127.0.0.1:8000/v1"
    assert found["LOCAL_LLM_API_KEY"][1]["provider_type"] == COMPATIBLE
    assert found["LOCAL_LLM_BASE_URL"] == "It is a part of LOCAL_LLM_API_KEY."
    assert found["OTHER_API_KEY"][1]["base_url"] == "http://127.0.0.1:9000/v1"
    assert found["MISTRAL_API_KEY"][1]["api_key"] == "CANARYmistral$HOME"
    assert found["TELEGRAM_BOT_TOKEN"] == ("telegram", {"bot_token": BOT})
    assert found["GITLAB_TOKEN"] == ("git", {"url": "https://gitlab.com", "token": "glpat-CANARYabcdefghij"})
    assert found["DATABASE_URL"] == ("tool", {"DATABASE_URL": "postgres://user:CANARY@db/x"})
    assert found["STRIPE_SECRET_KEY"] == ("tool", {"STRIPE_SECRET_KEY": "sk_live_CANARY"})
    assert found["DEBUG"] == "Neither its name nor its value is that of a secret."
    assert found["EMPTY_TOKEN"] == "It has no value."
    assert found["my_db"][1]["password"] == "CANARY"
    assert found["?"] == "This line is not of the form NAME=value."
    assert {one.name: one.origin for one in FORMATS["env"].read(text)}["DEBUG"] == "line 14"


def test_n8n() -> None:
    def one(name: str, n8n_type: str, data: Any) -> dict[str, Any]:
        return {"id": "x", "name": name, "type": n8n_type, "data": data, "isManaged": False}

    text = json.dumps(
        [
            one("a", "openAiApi", {"apiKey": OPENAI, "organizationId": "org-1", "url": "https://api.openai.com/v1"}),
            one("b", "openAiApi", {"apiKey": "CANARY", "url": "https://llm.example.com/v1"}),
            one("c", "mistralCloudApi", {"apiKey": "CANARY"}),
            one("d", "googlePalmApi", {"apiKey": "AIzaCANARY", "host": "https://generativelanguage.googleapis.com"}),
            one("e", "telegramApi", {"accessToken": BOT, "baseUrl": "https://api.telegram.org"}),
            one("f", "githubApi", {"server": "https://api.github.com", "user": "me", "accessToken": GITHUB}),
            one("g", "httpHeaderAuth", {"name": "X-API-Key", "value": "CANARY"}),
            one("h", "postgres", {"host": "db", "password": "CANARY", "port": 5432, "ssl": "disable"}),
            one("i", "slackOAuth2Api", {"clientId": "1", "oauthTokenData": {"access_token": "CANARY"}}),
            one("j", "slackApi", "U2FsdGVkX1CANARY"),
            one("k", "slackApi", {}),
        ]
    )
    found = read("n8n", text)
    assert found["a"][1]["provider_type"] == "openai"
    assert found["a"][1]["organization_id"] == "org-1"
    assert found["b"][1]["base_url"] == "https://llm.example.com/v1"
    assert found["c"][1]["base_url"] == "https://api.mistral.ai/v1"
    assert found["d"][1]["base_url"] == "https://generativelanguage.googleapis.com/v1beta/openai"
    assert found["e"] == ("telegram", {"bot_token": BOT})
    assert found["f"] == ("git", {"url": "https://github.com", "username": "me", "token": GITHUB})
    assert found["g"] == ("tool", {"headers": {"X-API-Key": "CANARY"}})
    assert found["h"][1] == {
        "n8n_type": "postgres", "host": "db", "password": "CANARY", "port": 5432, "ssl": "disable"
    }  # fmt: skip
    assert found["i"][1]["oauthTokenData"] == {"access_token": "CANARY"}
    assert "It is encrypted" in found["j"]
    assert found["k"] == "It has no data."
    assert "OAuth" in next(one.note for one in FORMATS["n8n"].read(text) if one.name == "i")


def test_the_variables_of_github_and_gitlab() -> None:
    text = json.dumps({"total_count": 2, "variables": [{"name": "MY_TOKEN", "value": "CANARY"}, {"name": "S"}]})
    assert read("github", text) == {
        "MY_TOKEN": ("tool", {"MY_TOKEN": "CANARY"}),
        "S": "Its value is not in the file. GitHub gives the value of no secret to anybody.",
    }
    text = json.dumps(
        [
            {"key": "X", "value": "CANARY", "masked": True, "environment_scope": "prod"},
            {"key": "ANTHROPIC_API_KEY", "value": "sk-ant-CANARY0123456789", "environment_scope": "*"},
            {"key": "PLAIN", "value": "1", "masked": False},
        ]
    )
    found = read("gitlab", text)
    assert found["X (prod)"] == ("tool", {"X (prod)": "CANARY"})
    assert found["ANTHROPIC_API_KEY"][1]["provider_type"] == "anthropic"
    assert found["PLAIN"] == "Neither its name nor its value is that of a secret."


def test_password_managers() -> None:
    text = "Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes\n"
    text += 'Shop,https://shop.example.com,ann,"CANARY ""quoted"", pass",,false,false,,"two\nlines"\n'
    text += f"My OpenAI,https://platform.openai.com,ann,{OPENAI},,false,false,,\nNothing,,ann,,,,,,\n"
    found = read("1password", text)
    assert found["Shop"] == (
        "tool",
        {"website": "https://shop.example.com", "username": "ann"}
        | {"password": 'CANARY "quoted", pass', "notes": "two\nlines"},
    )
    assert found["My OpenAI"][1]["api_key"] == OPENAI
    assert found["Nothing"] == "It has neither a password nor a note nor a field."
    text = "folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp\n"
    text += f",,login,Bot,,,0,,,{BOT},\n,,note,A note,CANARY,,0,,,,\n"
    assert read("bitwarden", text) == {
        "Bot": ("telegram", {"bot_token": BOT}),
        "A note": ("tool", {"notes": "CANARY"}),
    }
    with pytest.raises(FileRefused, match="lacks the column login_password"):
        read("bitwarden", "name,password\na,b\n")


def make_pipelit(path: Path, key: str) -> None:
    """A database with the tables of Pipelit's models, as far as they are read."""

    def sealed(text: str) -> str:
        return Fernet(key).encrypt(text.encode()).decode()

    with closing(sqlite3.connect(path)) as database, database:
        database.executescript("""
            CREATE TABLE credentials (id INTEGER PRIMARY KEY, user_profile_id INTEGER, name VARCHAR(255),
                credential_type VARCHAR(20), created_at DATETIME, updated_at DATETIME);
            CREATE TABLE git_credentials (id INTEGER PRIMARY KEY, base_credentials_id INTEGER, provider VARCHAR(20),
                credential_type VARCHAR(20), ssh_private_key VARCHAR(2000), access_token VARCHAR(500),
                username VARCHAR(255), webhook_secret VARCHAR(255));
            CREATE TABLE llm_credentials (id INTEGER PRIMARY KEY, base_credentials_id INTEGER,
                provider_type VARCHAR(30), api_key VARCHAR(500), base_url VARCHAR(500), organization_id VARCHAR(255),
                custom_headers JSON);
            CREATE TABLE telegram_credentials (id INTEGER PRIMARY KEY, base_credentials_id INTEGER,
                bot_token VARCHAR(500), allowed_user_ids VARCHAR(500));
            CREATE TABLE tool_credentials (id INTEGER PRIMARY KEY, base_credentials_id INTEGER, tool_type VARCHAR(20),
                config JSON, is_preferred BOOLEAN);
        """)
        kinds = ("llm", "telegram", "git", "tool", "gateway", "llm", "git", "telegram")
        rows = [(number, 1, f"c{number}", kind, "", "") for number, kind in enumerate(kinds, 1)]
        database.executemany("INSERT INTO credentials VALUES (?, ?, ?, ?, ?, ?)", rows)
        llm = "INSERT INTO llm_credentials VALUES (?, ?, ?, ?, ?, ?, ?)"
        database.execute(llm, (1, 1, COMPATIBLE, sealed("CANARY1"), "https://llm.example.com/v1", "", '{"X": "y"}'))
        other = Fernet(Fernet.generate_key()).encrypt(b"x").decode()
        database.execute(llm, (2, 6, "openai", other, "", "", "{}"))
        telegram = "INSERT INTO telegram_credentials VALUES (?, ?, ?, '')"
        database.executemany(telegram, [(1, 2, sealed(BOT)), (2, 8, BOT)])
        git = "INSERT INTO git_credentials VALUES (?, ?, ?, ?, ?, ?, ?, '')"
        database.execute(git, (1, 3, "github", "token", "", sealed(GITHUB), "me"))
        database.execute(git, (2, 7, "gitlab", "ssh_key", sealed("-----BEGIN CANARY"), "", ""))
        database.execute(
            """INSERT INTO tool_credentials VALUES (1, 4, 'searxng', '{"url": "https://s.example.com"}', 0)"""
        )


def test_pipelit(tmp_path: Path) -> None:
    path, key = tmp_path / "platform.db", Fernet.generate_key().decode()
    make_pipelit(path, key)
    candidates = read_database(path, key)
    found = {one.name: values_of(one) for one in candidates}
    assert found["c1"][1] | {"test_control": ""} == {
        "provider_type": COMPATIBLE, "api_key": "CANARY1", "base_url": "https://llm.example.com/v1", "test_control": "",
    }  # fmt: skip
    assert candidates[0].note == "Left out: custom headers."
    assert found["c2"] == found["c8"] == ("telegram", {"bot_token": BOT})
    assert found["c3"] == ("git", {"url": "https://github.com", "username": "me", "token": GITHUB})
    assert found["c4"] == ("tool", {"tool_type": "searxng", "url": "https://s.example.com"})
    assert found["c5"] == "Its type has no secret that can be stored here."
    assert found["c6"] == "The key does not open its secret."
    assert found["c7"] == ("git", {"ssh_key": "-----BEGIN CANARY"})
    with pytest.raises(FileRefused, match="no Fernet key"):
        read_database(path, "rubbish")
    (tmp_path / "other").write_text("no database at all, and long enough to be read as one" * 50)
    with pytest.raises(FileRefused, match="not a database of Pipelit"):
        read_database(tmp_path / "other", key)


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["key", "value", "name", "type", "data", "extra", "variables", "x"]), inner)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("name", FORMATS)
@given(text=st.text(max_size=200) | _json.map(json.dumps))
def test_any_text_is_read_or_refused(name: str, text: str) -> None:
    try:
        found = FORMATS[name].read(text)
    except FileRefused:
        return
    assert all(one.skipped or one.values for one in found)
    assert not any(value in repr(one) for one in found for value in one.values.values() if len(value) > 60)


def test_a_text_that_is_not_utf_8_is_refused() -> None:
    assert decode_text(b"\xef\xbb\xbfA=1") == "A=1"
    with pytest.raises(FileRefused, match="UTF-8"):
        decode_text("Ä".encode("utf-16"))


FITTING = {
    "airflow": json.dumps({"llm": {"conn_type": "openai", "password": OPENAI}}),
    "n8n": json.dumps([{"name": "Bot", "type": "telegramApi", "data": {"accessToken": BOT}}]),
    "env": f"OPENAI_API_KEY={OPENAI}\nDEBUG=1\n",
    "github": json.dumps([{"name": "OPENAI_API_KEY", "value": OPENAI}]),
    "gitlab": json.dumps([{"key": "OPENAI_API_KEY", "value": OPENAI}]),
    "1password": f"Title,Url,Username,Password\nMail,https://mail.example/?a=b,me,x=y\nKey,,,{OPENAI}\n",
    "bitwarden": f"name,login_uri,login_username,login_password\nMail,https://mail.example/?a=b,me,x\nKey,,,{OPENAI}\n",
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_format_that_fits_a_file_is_found(name: str) -> None:
    for chosen in set(FORMATS) - {name}:
        assert fitting_format(chosen, FITTING[name]) == name


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "[]", "DEBUG=1\n", "a letter to somebody", '{"a": {"b": {}}}', "a,b\n1,2\n"]
)
def test_no_format_fits_what_holds_no_credential(text: str) -> None:
    for chosen in FORMATS:
        assert fitting_format(chosen, text) == ""
