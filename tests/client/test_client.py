"""The client: what it sends, what it opens, what it refuses, and that it stands alone."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_httpserver import HTTPServer
from werkzeug import Response

from credstore.client import Client, ClientSettings, Reference
from credstore.client_errors import EnvelopeRefused, ServerRefused
from credstore.envelope import new_nonce
from credstore.errors import ConfigError, NotFound, Unreached
from credstore.public_ids import new_public_id
from tests.client.stand_in import KEY, SECRET, TOKEN, Api

LLM = {"provider_type": "openai", "api_key": SECRET}


def test_the_values_come_by_name_and_by_id(api: Api, client: Client) -> None:
    for number in range(3):
        api.add(f"OpenAI production {number}", "llm", {"api_key": "another"})
    public_id = api.add("OpenAI Production", "llm", LLM)
    for name in ("openai production ", public_id, public_id.upper()):
        values = client.use(name, consumer="workflow:42", node="ask")
        assert (values == LLM, values.id, values.version, values.kind) == (True, public_id, 3, "llm")
        assert values.text() == SECRET
        assert SECRET not in repr(values)
    last = api.asked[-1]
    assert (last.method, last.path) == ("POST", f"/api/v1/credentials/{public_id}/use")
    assert api.uses == [{"consumer": "workflow:42", "node": "ask"}] * 3
    assert TOKEN not in last.url
    assert not any(SECRET in text for text in (repr(client), repr(api.settings)))
    assert not any(TOKEN in text for text in (repr(client), repr(api.settings)))


def test_the_list_has_every_page(api: Api, client: Client) -> None:
    ids = [api.add(f"Bot {number}", "telegram", {"bot_token": "x"}) for number in range(5)]
    assert [found.id for found in client.list()] == ids
    assert [found.name for found in client.list("bot 3", type="telegram")] == ["Bot 3"]
    with pytest.raises(NotFound, match="Bot"):
        client.use("Bot")


def test_an_answer_for_something_else_does_not_open(api: Api, client: Client) -> None:
    one, two = api.add("one", "llm", LLM), api.add("two", "llm", LLM)
    earlier = api.sealed(one, new_nonce())
    for answer in (
        lambda nonce: api.sealed(two, nonce),
        lambda nonce: api.sealed(two, nonce) | {"credential": one},
        lambda nonce: api.sealed(one, nonce) | {"version": 4},
        lambda _: earlier,
        lambda _: api.sealed(one, ""),
    ):
        api.envelope = answer
        with pytest.raises(EnvelopeRefused):
            client.use(one)
    api.envelope = None
    assert client.use(one) == LLM
    for wrong in (X25519PrivateKey.generate(), None):
        with (
            Client(replace(api.settings, private_key=wrong)) as other,
            pytest.raises(EnvelopeRefused if wrong else ConfigError),
        ):
            other.use(one)


def test_a_refusal_has_the_sentence_of_the_server(api: Api, client: Client) -> None:
    with pytest.raises(NotFound, match="There is no such credential"):
        client.use(new_public_id())
    with Client(replace(api.settings, token="crs_other")) as stranger, pytest.raises(ServerRefused) as caught:
        stranger.use(new_public_id())
    refusal = caught.value
    assert (refusal.status, refusal.problem, refusal.retry_after) == (401, "unauthorized", 7)
    assert refusal.sentence == "This token is not known."


def test_references_are_sent_and_read(httpserver: HTTPServer, api: Api, client: Client) -> None:
    one = new_public_id()
    stored = {
        "credential": one,
        "consumer": "workflow:42",
        "node": "ask",
        "label": "Newsletter",
        "link": "https://h/42",
    }
    path = f"/api/v1/credentials/{one}/references"
    new = {name: text for name, text in stored.items() if name != "credential"}
    expect = HTTPServer.expect_oneshot_request
    httpserver.clear()
    expect(httpserver, path, "PUT", json=new).respond_with_json(stored)
    put = client.put_reference(one, "workflow:42", "ask", label="Newsletter", link="https://h/42")
    assert put == Reference(**stored)
    mine = {"consumer": "workflow:42", "references": [{name: stored[name] for name in stored if name != "consumer"}]}
    expect(httpserver, "/api/v1/references", "PUT", json=mine).respond_with_json({"items": [stored]})
    assert client.replace_references("workflow:42", [put]) == [put]
    asked = {"consumer": "workflow:42"}
    expect(httpserver, "/api/v1/references", "GET", query_string=asked).respond_with_json({"items": [stored]})
    assert client.references_of_consumer("workflow:42") == [put]
    for number in ("1", "2"):
        page = {"items": [stored | {"node": number}], "page": int(number), "pages": 2}
        expect(httpserver, path, "GET", query_string={"page": number}).respond_with_json(page)
    assert [found.node for found in client.references(one)] == ["1", "2"]
    removed = {"consumer": "workflow:42", "node": "ask"}
    expect(httpserver, path, "DELETE", query_string=removed).respond_with_json({"removed": True})
    assert client.remove_reference(one, "workflow:42", "ask") is True
    httpserver.check_assertions()
    assert not httpserver.oneshot_handlers


ODD: dict[str, Response] = {
    "redirect": Response("", 302, headers={"Location": "http://127.0.0.1:1/elsewhere"}),
    "page": Response("<h1>hello</h1>", 200, content_type="text/html"),
    "list": Response("[]", 200, content_type="application/json"),
    "nested": Response("[" * 100_000, 200, content_type="application/json"),
    "empty": Response("", 200),
    "null items": Response('{"suite": null}', 200),
    "too large": Response(b"x" * 5_000_001, 200),
    "broken compression": Response(b"x", 200, headers={"Content-Encoding": "gzip"}),
    "crash": Response("Traceback", 500),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_answer_is_an_exception_of_ours(odd: Response, httpserver: HTTPServer) -> None:
    one = new_public_id()
    httpserver.expect_request(f"/base/api/v1/credentials/{one}/use").respond_with_response(odd)
    settings = ClientSettings(url=httpserver.url_for("/base/"), token=TOKEN, private_key=KEY)
    with Client(settings) as client, pytest.raises((ServerRefused, EnvelopeRefused, Unreached)):
        client.use(one)


def test_the_environment_changes_nothing(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .netrc would replace the token, and a proxy would see it."""
    (tmp_path / ".netrc").write_text(
        "machine 127.0.0.1 login eve password CANARY\nmachine localhost login e password C\n"
    )
    for name, value in (
        ("HOME", str(tmp_path)),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
        ("ALL_PROXY", "http://127.0.0.1:1"),
    ):
        monkeypatch.setenv(name, value)
    one = api.add("one", "llm", LLM)
    with Client(api.settings) as client:
        assert client.use(one) == LLM


def test_nobody_there_is_said_in_words() -> None:
    settings = ClientSettings(url="http://127.0.0.1:1", token=TOKEN, private_key=KEY)
    with Client(settings) as client, pytest.raises(Unreached, match="cannot be reached"):
        client.use(new_public_id())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "ftp://h",
        "http://credstore.example",
        "http://u:CANARY@127.0.0.1",
        "https://h?x=1",
        "https://",
        "https://h#a",
    ],
)
def test_a_url_that_would_not_do_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ClientSettings(url=url, token=TOKEN)
    assert "CANARY" not in caught.value.sentence


@pytest.mark.parametrize("url", ["https://h", "http://127.0.0.1:8000", "http://[::1]/x", "http://localhost"])
def test_a_url_that_will_do(url: str) -> None:
    assert ClientSettings(url=url, token=TOKEN).url == url
    assert ClientSettings(url="http://credstore:8000", token=TOKEN, allow_http=True)


@pytest.mark.parametrize("token", ["", " ", "crs_\nX-Evil: 1", "crs_é"])
def test_a_token_that_no_header_can_have_is_refused(token: str) -> None:
    with pytest.raises(ConfigError):
        ClientSettings(url="https://h", token=token)


def test_the_settings_come_from_the_environment_and_from_files(tmp_path: Path) -> None:
    token, key = tmp_path / "token", tmp_path / "key.pem"
    token.write_text(f"{TOKEN}\n")
    key.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    whole = {"CREDSTORE_URL": "https://h", "CREDSTORE_TOKEN_FILE": str(token), "CREDSTORE_PRIVATE_KEY_FILE": str(key)}
    found = ClientSettings.from_env(whole)
    assert (found.url, found.token) == ("https://h", TOKEN)
    assert found.private_key is not None
    assert found.private_key.private_bytes_raw() == KEY.private_bytes_raw()
    wrong: list[dict[str, str]] = [
        {"CREDSTORE_URL": ""},
        {"CREDSTORE_TOKEN_FILE": "", "CREDSTORE_TOKEN": ""},
        {"CREDSTORE_TOKEN": "CANARY"},
        {"CREDSTORE_TOKEN_FILE": "/CANARY"},
        {"CREDSTORE_PRIVATE_KEY_FILE": str(token)},
        {"CREDSTORE_PRIVATE_KEY": "CANARY", "CREDSTORE_PRIVATE_KEY_FILE": ""},
    ]
    for change in wrong:
        with pytest.raises(ConfigError) as caught:
            ClientSettings.from_env(whole | change)
        assert "CREDSTORE_" in caught.value.sentence
        assert not any(text in caught.value.sentence for text in ("CANARY", TOKEN, str(tmp_path)))


def test_the_client_loads_nothing_of_the_server() -> None:
    code = "import credstore.client, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    loaded = json.loads(done.stdout)
    server = {"flask", "sqlalchemy", "werkzeug", "jinja2", "wtforms", "gunicorn", "click", "argon2", "alembic"}
    assert not {name.partition(".")[0] for name in loaded} & server
    ours = {name for name in loaded if name.startswith("credstore.") and not name.startswith("credstore.client")}
    assert ours == {"credstore.credential_values", "credstore.envelope", "credstore.errors", "credstore.loopback"}
