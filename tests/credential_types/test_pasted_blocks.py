"""Blocks of several lines in a single-line input: with the separators of the script, and joined by the browser."""

import itertools
import json

import pytest

from credstore.credential_types import CredentialType, Git, Llm, Telegram, Tool
from credstore.credential_types.paste_detection.env_lines import LINE_SEPARATOR
from credstore.credential_types.paste_detection.extra_config import CURL, ENV_LINES
from credstore.credential_types.paste_detection.suggestions import unwrap_notes
from credstore.credential_types.paste_detection.unwrap import FIRST, LINE, unwrap
from credstore.errors import InvalidFields

KEY = "sk-proj-Abc_123-def456"
OTHER = "sk-ant-api03-Xyz_789-QRS"
BOT = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
URL = "https://gateway.example.com/v1"

BLOCKS = (
    f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL={URL}",
    f"OPENAI_BASE_URL={URL}\nOPENAI_API_KEY={KEY}",
    f"export OPENAI_API_KEY={KEY}\nexport OPENAI_BASE_URL={URL}",
    f'MY_PROXY_API_KEY="{KEY}"\nMY_PROXY_BASE_URL="{URL}"\n',
    f"# the gateway\nOPENAI_API_KEY='{KEY}'\n\nOPENAI_BASE_URL={URL}",
    f"AZURE_OPENAI_API_KEY={KEY}\nAZURE_OPENAI_ENDPOINT={URL}",
    f"X_API_KEY='{KEY}'\nOTHER_BASE_URL='{URL}'\nDEBUG=''",
    f"$env:OPENAI_API_KEY = '{KEY}'\n$env:OPENAI_BASE_URL = '{URL}'",
    f"curl {URL}/models \\\n-H 'Authorization: Bearer {KEY}'",
    f"curl {URL}/chat/completions \\\n  -H 'api-key: {KEY}' \\\n  -d '{{\n  \"model\": \"x\"\n}}'",
    f"curl --request POST \\\n--url {URL}/embeddings \\\n--header 'Authorization: Bearer {KEY}'",
)


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize(
    "line_break", ["\n", "\r\n", LINE_SEPARATOR, " ", ""], ids=["lf", "crlf", "script", "spaces", "joined"]
)
def test_a_block_gives_its_key_and_its_url_however_its_lines_arrive(block: str, line_break: str) -> None:
    taken = unwrap(block.replace("\n", line_break))
    assert (taken.value, taken.found) == (KEY, {"base_url": URL})


@pytest.mark.parametrize("line_break", ["\n", LINE_SEPARATOR, ""])
def test_a_whole_env_file_gives_the_key_of_the_field(line_break: str) -> None:
    lines = ["DEBUG=1", "EMPTY=", f"OPENAI_API_KEY={KEY}", f"TELEGRAM_BOT_TOKEN={BOT}", "OPENAI_MODEL=gpt-5"]
    if not line_break:  # what cannot be told apart when it is joined is left out
        lines = lines[2:]
    block = line_break.join(lines)
    assert Llm.clean({"provider_type": "openai", "api_key": block})["api_key"] == KEY
    assert Telegram.clean({"bot_token": block}) == {"bot_token": BOT}


def test_a_line_that_is_commented_out_stays_out_when_it_is_joined() -> None:
    assert unwrap(f"# OLD_API_KEY=sk-old NEW_API_KEY={KEY} # DEBUG=1 NEW_BASE_URL={URL}").value == KEY


def test_of_two_keys_the_first_is_taken_and_that_is_said() -> None:
    taken = unwrap(f"OPENAI_API_KEY={KEY}\nANTHROPIC_API_KEY={OTHER}", "api_key")
    assert (taken.value, set(taken.notes)) == (KEY, {FIRST, LINE})
    assert unwrap(f"OPENAI_API_KEY={KEY}ANTHROPIC_API_KEY={OTHER}").value == KEY


@pytest.mark.parametrize(
    "text", [f"OPENAI_API_KEY={KEY}MY_OPENAI_API_KEY={OTHER}", f"A_KEY={KEY}SOME_THING=1", f"ONE_KEY={KEY}TWO_KEY=x"]
)
def test_lines_that_cannot_be_told_apart_are_refused_and_never_stored_as_one_key(text: str) -> None:
    with pytest.raises(InvalidFields) as refusal:
        Llm.clean({"provider_type": "openai", "api_key": text})
    assert "several lines in one" in refusal.value.fields["api_key"]
    assert KEY not in refusal.value.fields["api_key"]


ALPHABET = ("a", "Z", "_", "-", "9", "=")


@pytest.mark.parametrize("end", ["".join(end) for end in itertools.product(ALPHABET, repeat=2)])
def test_whatever_a_key_ends_with_it_comes_out_whole_or_is_refused(end: str) -> None:
    key = f"sk-proj-0123456789{end}"
    block = f"OPENAI_API_KEY={key}OPENAI_BASE_URL={URL}"
    try:
        stored = Llm.clean({"provider_type": "openai", "api_key": block})["api_key"]
    except InvalidFields:
        stored = ""
    assert stored in {key, ""}
    assert stored == key or end[-1] in "_="


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("kind", "block", "stored"),
    [
        (
            Tool,
            "curl -X POST 'https://tool.example.com/api?x=1' \\\n  -H 'Authorization: Bearer hunter2'",
            {"url": "https://tool.example.com/api", "headers": {"Authorization": "Bearer hunter2"}},
        ),
        (
            Tool,
            "# tool\nTOOL_URL=https://tool.example.com/api\nTOOL_TOKEN='hunter2'",
            {"url": "https://tool.example.com/api", "headers": {"Authorization": "Bearer hunter2"}},
        ),
        (
            Git,
            "GIT_REPO=https://git.example.com/a/b.git\nGIT_USERNAME=ann\nGIT_TOKEN=hunter2",
            {"url": "https://git.example.com/a/b.git", "username": "ann", "token": "hunter2"},
        ),
        (
            Git,
            "curl --header 'PRIVATE-TOKEN: hunter2' \\\n https://git.example.com/a/b.git",
            {"url": "https://git.example.com/a/b.git", "token": "hunter2"},
        ),
    ],
)
def test_a_block_in_extra_config_becomes_json(
    kind: type[CredentialType], block: str, stored: dict[str, object], line_break: str
) -> None:
    values = {"extra_config": block.replace("\n", line_break)}
    assert json.loads(kind.clean(values)["extra_config"]) == stored
    notes = unwrap_notes(kind, values)["extra_config"]
    assert notes in {(CURL,), (ENV_LINES,)}
    assert "hunter2" not in repr(notes)


@pytest.mark.parametrize("kind", [Git, Tool])
@pytest.mark.parametrize(
    "text", ["curl https://x.example", "A_TOKEN=hunter2", "curl https://x.example -H 'Authorization: Bearer $KEY'"]
)
def test_a_block_without_its_url_or_its_secret_is_refused(kind: type[CredentialType], text: str) -> None:
    with pytest.raises(InvalidFields):
        kind.clean({"extra_config": text})
