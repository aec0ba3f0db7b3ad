"""What people put into Extra Config instead of JSON: turned into the object that they mean, or a sentence says how."""

import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given
from hypothesis import strategies as st

from credstore.credential_types import Git, Tool
from credstore.credential_types.base import CredentialType
from credstore.credential_types.paste_detection import extra_config, suggestions
from credstore.errors import InvalidFields
from credstore.probe import Outcome
from credstore.tester import Tester

CANARY = "hunter2hunter2hunter2"
URL = "https://git.example.com/team/repo.git"
PEM = (
    ed25519.Ed25519PrivateKey.generate()
    .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    .decode()
)


def understood(kind: type[CredentialType], text: str) -> tuple[object, tuple[str, ...]]:
    """The object that is stored, and what the person is told."""
    stored = kind.clean({"extra_config": text})["extra_config"]
    return json.loads(stored), suggestions.unwrap_notes(kind, {"extra_config": text}).get("extra_config", ())


@pytest.mark.parametrize(
    ("kind", "text", "found", "notes"),
    [
        (Git, URL, {"url": URL}, (extra_config.URL,)),
        (Git, f"  {URL}\r\n", {"url": URL}, (extra_config.URL,)),
        (Git, "git@github.com:team/a.git", {"url": "git@github.com:team/a.git"}, (extra_config.URL,)),
        (Git, f"git clone --depth=1 {URL} here", {"url": URL}, (extra_config.CLONE, extra_config.URL)),
        (
            Git,
            f"https://deploy:{CANARY}%21@git.example.com/team/repo.git",
            {"url": URL, "username": "deploy", "token": f"{CANARY}!"},
            (extra_config.URL, extra_config.LOGIN),
        ),
        (
            Git,
            f"https://{CANARY}@git.example.com/team/repo.git",
            {"url": URL, "token": CANARY},
            (extra_config.URL, extra_config.LOGIN),
        ),
        (Tool, "https://tool.example.com/api?a=1", {"url": "https://tool.example.com/api?a=1"}, (extra_config.URL,)),
        (Git, PEM, {"ssh_key": PEM}, (extra_config.PRIVATE_KEY,)),
        (Git, PEM.replace("\n", "\r\n"), {"ssh_key": PEM}, (extra_config.PRIVATE_KEY,)),
        (Git, PEM.replace("\n", "\\n"), {"ssh_key": PEM}, (extra_config.PRIVATE_KEY,)),
        (
            Git,
            '{"url": "git@h:a", "ssh_key": "' + PEM.replace("\n", "\r\n") + '"}',
            {"url": "git@h:a", "ssh_key": PEM},
            (extra_config.LINE_BREAKS,),
        ),
        (
            Tool,
            '{"note": "one\ntwo\tthree\\n\\"four\\""}',
            {"note": 'one\ntwo\tthree\n"four"'},
            (extra_config.LINE_BREAKS,),
        ),
        (Git, json.dumps({"url": URL}), {"url": URL}, ()),
    ],
)
def test_what_is_meant_is_stored_and_what_was_changed_is_told(
    kind: type[CredentialType], text: str, found: object, notes: tuple[str, ...]
) -> None:
    assert understood(kind, text) == (found, notes)
    assert CANARY not in repr(extra_config.repair_extra_config(text, [key.name for key in kind.fields[0].keys]))


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (Git, f"ghp_{CANARY}", "it looks like a token alone"),
        (Tool, f"sk-{CANARY}", "it looks like a token alone"),
        (Tool, f"Authorization: Bearer {CANARY}", "it looks like a header"),
        (Git, "git.example.com/team/repo.git", "a URL without its beginning"),
        (Tool, f"https://ann:{CANARY}@tool.example.com/", "Leave name and password out of the URL"),
        (Tool, PEM, "This is a private key"),
        (Git, '{"token": "a\nb", "token": "c"}', "twice"),
        (Git, f'{{"token": "{CANARY}\n"}}', "line break"),
        (Git, f'{{"url": "{URL}", "token": {CANARY}}}', "not valid JSON"),
        (Git, f"https://{CANARY}:x@[oops/", "valid URL"),
    ],
)
def test_what_is_not_enough_is_refused_with_how_to_write_it(kind: type[CredentialType], text: str, words: str) -> None:
    with pytest.raises(InvalidFields) as refusal:
        kind.clean({"extra_config": text})
    sentence = refusal.value.fields["extra_config"]
    assert words in sentence
    assert CANARY not in sentence
    assert suggestions.unwrap_notes(kind, {"extra_config": text}).get("extra_config", ()) in {
        (),
        (extra_config.LINE_BREAKS,),
    }


@pytest.mark.parametrize("text", [PEM, PEM.replace("\n", "\r\n"), PEM.replace("\n", "\\n"), PEM.replace("\n", " ")])
def test_a_private_key_pasted_alone_is_one_that_ssh_reads(text: str) -> None:
    class Nobody:
        def send(self, *_: object, **__: object) -> None:
            raise AssertionError("nobody is asked")

    values = Git.clean({"extra_config": text})
    verdict = Tester(Nobody()).run(Git.probe(values), ())  # type: ignore[arg-type]
    assert (verdict.outcome, "well formed" in verdict.reason) == (Outcome.CANNOT_TELL, True)


@given(st.text(max_size=80) | st.text('{}[]",:\\\n\r ahtps/@.-', max_size=40))
def test_no_text_confuses_it_and_its_result_is_stable(text: str) -> None:
    for kind in (Git, Tool):
        try:
            stored = kind.clean({"extra_config": text or "x"})["extra_config"]
        except InvalidFields:
            continue
        assert kind.clean({"extra_config": stored})["extra_config"] == stored
        assert suggestions.unwrap_notes(kind, {"extra_config": stored}) == {}


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), min_size=1, max_size=4))
def test_json_is_left_as_it_is(found: dict[str, str]) -> None:
    written = json.dumps(found, ensure_ascii=False)
    assert extra_config.repair_extra_config(written, ["url", "token"]).text == written.strip()


@given(st.text('ab"\\\n\r\t{}:, é', max_size=30))
def test_real_line_breaks_in_a_text_become_what_json_wants(value: str) -> None:
    """As a person would write the text between quotes, with only quotes and backslashes escaped."""
    written = value.replace("\\", "\\\\").replace('"', '\\"')
    repaired = extra_config.repair_extra_config(f'{{"a": "{written}"}}', ["url"])
    assert json.loads(repaired.text) == {"a": value.replace("\r\n", "\n").replace("\r", "\n")}
