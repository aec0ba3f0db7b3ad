"""Extra Config: a JSON object that people write by hand."""

import json

import pytest

from credstore.credential_types import CREDENTIAL_TYPES, CredentialType, Field, by_slug
from credstore.errors import InvalidFields

JSON_FIELDS = [(kind, field) for kind in CREDENTIAL_TYPES for field in kind.fields if field.form == "json"]
IDS = [kind.slug for kind, _ in JSON_FIELDS]


def clean(text: str, slug: str = "tool") -> str:
    kind = by_slug(slug)
    assert kind is not None
    return kind.clean({"extra_config": text})["extra_config"]


def refusal(text: str, slug: str = "tool") -> str:
    with pytest.raises(InvalidFields) as caught:
        clean(text, slug)
    assert caught.value.fields.keys() == {"extra_config"}
    return caught.value.fields["extra_config"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "not valid JSON (line 1, column 2)"),
        ('{\n  "a": 1,\n}', "not valid JSON (line 3"),
        ("{'a': 1}", "not valid JSON"),
        ('{"a": 1} x', "not valid JSON"),
        ('\ufeff{"a": 1}', "not valid JSON"),
        ("url: https://example.com", "not valid JSON"),
        ("[]", "JSON object"),
        ('["a"]', "JSON object"),
        ("{}", "at least one key"),
        ("null", "JSON object"),
        ('"text"', "JSON object"),
        ("7", "JSON object"),
        ('{"a": 1, "a": 2}', "twice"),
        ('{"a": {"b": 1, "b": 1}}', "twice"),
        ('{"a": NaN}', "not JSON"),
        ('{"a": -Infinity}', "not JSON"),
        ('{"a": 1e999}', "cannot be stored"),
        ('{"a": ' + "1" * 5000 + "}", "cannot be stored"),
        ('{"a": "\\ud800"}', "cannot be stored"),
        ('{"a": ' + "[" * 9000 + "]" * 9000 + "}", "nested too deeply"),
        ('{"a": ' + '{"b":' * 900 + "1" + "}" * 900 + "}", "nested too deeply"),
        ('{"token": "********"}', "mask"),
        ('{"a": {"b": ["•••"]}}', "mask"),
        ('{"token": "<redacted>"}', "mask"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_not_a_useful_json_object_is_refused_with_words(text: str, word: str) -> None:
    assert word in refusal(text)


@pytest.mark.parametrize(
    ("slug", "key", "value"),
    [
        ("git", "url", 7),
        ("git", "url", "example.com/repo"),
        ("git", "url", "ftp://example.com/repo"),
        ("git", "url", "https://example.com/a b"),
        ("git", "url", "javascript:alert(1)"),
        ("git", "username", ["deploy"]),
        ("git", "token", 123456),
        ("git", "ssh_key", None),
        ("tool", "url", {"href": "https://example.com"}),
        ("tool", "headers", "Authorization: x"),
        ("tool", "headers", ["Authorization"]),
        ("tool", "expect_status", "200"),
        ("tool", "expect_status", 200.5),
        ("tool", "expect_status", True),
    ],
)
def test_a_known_key_of_the_wrong_type_is_refused_by_its_name(slug: str, key: str, value: object) -> None:
    assert f"“{key}” must be" in refusal(json.dumps({key: value}), slug)


@pytest.mark.parametrize(
    "url",
    ["https://git.example.com/a.git", "http://127.0.0.1:3000/a", "ssh://git@host/a.git", "git@github.com:team/a.git"],
)
def test_a_repository_is_named_over_https_or_ssh(url: str) -> None:
    assert json.loads(clean(json.dumps({"url": url}), "git")) == {"url": url}


@pytest.mark.parametrize("slug", ["git", "tool"])
def test_keys_of_your_own_are_kept_as_they_are(slug: str) -> None:
    mine = {"my_key": [1, 2.5, None, True, {"ü": "日本"}], "other": "a...b", "list": ["**", "…"]}
    assert json.loads(clean(json.dumps(mine), slug)) == mine


def test_a_private_key_of_many_lines_survives() -> None:
    pem = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\nBBBB\n-----END OPENSSH PRIVATE KEY-----\n"
    assert json.loads(clean(json.dumps({"ssh_key": pem}), "git"))["ssh_key"] == pem


def test_it_is_written_back_in_one_spelling() -> None:
    once = clean('  {\n "a" :  1,\r\n "b": "\\u00fc" }  ')
    assert once == '{"a": 1, "b": "ü"}'
    assert clean(once) == once


@pytest.mark.parametrize(("kind", "field"), JSON_FIELDS, ids=IDS)
def test_the_example_under_the_field_is_accepted_as_it_stands(kind: type[CredentialType], field: Field) -> None:
    example = json.loads(kind.clean({field.name: field.example})[field.name])
    assert example == json.loads(field.example)
    assert example.keys() <= {key.name for key in field.keys}, "the example shows a key that is not explained"


@pytest.mark.parametrize(("kind", "field"), JSON_FIELDS, ids=IDS)
def test_it_is_sealed_whole_and_its_keys_are_explained(kind: type[CredentialType], field: Field) -> None:
    assert field.secret
    assert field.keys
    assert all(key.about for key in field.keys)
