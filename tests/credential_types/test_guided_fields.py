"""Guided fields: what they write into Extra Config, what they refuse, and that no secret follows a changed URL."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credstore.credential_types import CredentialType, by_slug
from credstore.credential_types.guided_fields import may_hold_a_secret, place_of_sentence, write_over_stored
from credstore.errors import InvalidFields

URL = "https://git.example.com/t/r.git"
TOOL = "https://tool.example.com/api"


def kind_of(slug: str) -> type[CredentialType]:
    kind = by_slug(slug)
    assert kind is not None
    return kind


def values(json_text: str = "", **parts: str) -> dict[str, str]:
    return {"extra_config": json_text} | {f"extra_config_{name}": text for name, text in parts.items()}


def created(slug: str, json_text: str = "", **parts: str) -> Any:
    return json.loads(kind_of(slug).clean(values(json_text, **parts))["extra_config"])


def refused(slug: str, json_text: str = "", **parts: str) -> dict[str, str]:
    with pytest.raises(InvalidFields) as refusal:
        kind_of(slug).clean(values(json_text, **parts))
    return {name.removeprefix("extra_config_"): sentence for name, sentence in refusal.value.fields.items()}


def edited(slug: str, stored: dict[str, Any], **parts: str) -> Any:
    (field,) = kind_of(slug).fields
    keys, public = [key.name for key in field.keys], [key.name for key in field.keys if not key.secret]
    return json.loads(write_over_stored(field.guided, values(**parts), json.dumps(stored), keys, public))


@pytest.mark.parametrize(
    ("slug", "parts", "written"),
    [
        ("git", {"url": URL, "token": "t-1"}, {"url": URL, "token": "t-1"}),
        ("git", {"url": URL, "username": "ann", "token": "t-1"}, {"url": URL, "username": "ann", "token": "t-1"}),
        ("git", {"url": f"git clone {URL}", "token": '"t-1"'}, {"url": URL, "token": "t-1"}),
        (
            "git",
            {"url": "https://ann:t-1@git.example.com/t/r.git"},
            {"url": URL, "username": "ann", "token": "t-1"},
        ),
        (
            "tool",
            {"url": TOOL, "header_name": "Authorization", "header_value": "Bearer t-1"},
            {"url": TOOL, "headers": {"Authorization": "Bearer t-1"}},
        ),
    ],
)
def test_fields_alone_become_the_object(slug: str, parts: dict[str, str], written: dict[str, Any]) -> None:
    assert created(slug, **parts) == written


@pytest.mark.parametrize(
    ("slug", "json_text", "parts", "written"),
    [
        ("git", json.dumps({"own": [1], "url": URL}), {"token": "t"}, {"token": "t", "own": [1], "url": URL}),
        ("git", json.dumps({"url": URL, "token": "t"}), {"url": URL}, {"url": URL, "token": "t"}),
        (
            "tool",
            '{"headers": {"X-Team": "7"}, "expect_status": 204}',
            {"url": TOOL, "header_name": "X-Key", "header_value": "k"},
            {"url": TOOL, "headers": {"X-Key": "k", "X-Team": "7"}, "expect_status": 204},
        ),
        (
            "tool",
            '{"headers": {"x-key": "k"}}',
            {"url": TOOL, "header_name": "X-Key", "header_value": "k"},
            {"url": TOOL, "headers": {"X-Key": "k"}},
        ),
    ],
)
def test_fields_are_written_into_the_json_that_was_typed(
    slug: str, json_text: str, parts: dict[str, str], written: dict[str, Any]
) -> None:
    assert created(slug, json_text, **parts) == written


@pytest.mark.parametrize(
    ("slug", "json_text", "parts", "beside", "words"),
    [
        ("git", '{"url": "https://other.example.com"}', {"url": URL}, {"url"}, "another “url”"),
        ("git", '{"token": "other"}', {"token": "t"}, {"token"}, "another “token”"),
        (
            "tool",
            '{"headers": {"x-key": "other"}}',
            {"header_name": "X-Key", "header_value": "k"},
            {"header_value"},
            "another “headers”",
        ),
        ("git", "", {"url": URL}, {"token"}, "Token is required."),
        ("git", "", {"token": "t"}, {"url"}, "URL is required."),
        ("git", "", {"username": "ann"}, {"url", "token"}, "is required."),
        ("git", "", {"url": "git.example.com/t/r", "token": "t"}, {"url"}, "with https:// before it"),
        ("git", "", {"url": '{"token": "t"}'}, {"url"}, "with https:// before it"),
        ("git", "", {"url": "https://ann:a@git.example.com/r", "token": "b"}, {"url"}, "another “token”"),
        ("tool", "", {"url": TOOL}, {"header_name", "header_value"}, "is required."),
        ("tool", "", {"url": TOOL, "header_name": "X"}, {"header_value"}, "Value is required."),
        ("tool", json.dumps({"url": TOOL}), {"header_value": "v"}, {"header_name"}, "Header is required."),
        (
            "tool",
            "",
            {"url": "https://a:b@tool.example.com"},
            {"url"},
            "Leave name and password out of the URL; send them as a header.",
        ),
    ],
)
def test_what_does_not_fit_is_told_beside_its_field(
    slug: str, json_text: str, parts: dict[str, str], beside: set[str], words: str
) -> None:
    told = refused(slug, json_text, **parts)
    assert set(told) == beside
    assert all(words in sentence for sentence in told.values())


STORED = {"url": URL, "username": "ann", "token": "old"}


@pytest.mark.parametrize(
    ("slug", "stored", "parts", "written"),
    [
        ("git", STORED, {"token": "new"}, STORED | {"token": "new"}),
        ("git", STORED, {"username": "bob"}, STORED | {"username": "bob"}),
        ("git", STORED, {"url": URL}, STORED),
        ("git", STORED, {"url": URL + "2", "token": "new"}, STORED | {"url": URL + "2", "token": "new"}),
        ("git", STORED | {"own": 1}, {"token": "new"}, STORED | {"token": "new", "own": 1}),
        (
            "tool",
            {"url": TOOL, "headers": {"X-Key": "old", "X-Team": "7"}, "expect_status": 204},
            {"header_value": "new"},
            {"url": TOOL, "headers": {"X-Key": "new", "X-Team": "7"}, "expect_status": 204},
        ),
        (
            "tool",
            {"url": TOOL, "headers": {"X-Key": "old"}, "expect_status": 204},
            {"url": TOOL + "/2", "header_value": "new"},
            {"url": TOOL + "/2", "headers": {"X-Key": "new"}, "expect_status": 204},
        ),
    ],
)
def test_a_blank_field_keeps_what_is_stored(
    slug: str, stored: dict[str, Any], parts: dict[str, str], written: dict[str, Any]
) -> None:
    assert edited(slug, stored, **parts) == written


@pytest.mark.parametrize(
    ("slug", "stored", "parts", "beside"),
    [
        ("git", STORED, {"url": "https://evil.example.com/r.git"}, "token"),
        ("git", {"url": URL, "ssh_key": "k"}, {"url": "https://evil.example.com/r.git"}, "url"),
        ("git", STORED | {"own": "secret"}, {"url": "https://evil.example.com/r.git", "token": "new"}, "url"),
        ("git", {"token": "old"}, {"url": "https://evil.example.com/r.git"}, "token"),
        ("tool", {"url": TOOL, "headers": {"X-Key": "old"}}, {"url": "https://evil.example.com"}, "header_value"),
        (
            "tool",
            {"url": TOOL, "headers": {"X-Key": "old", "X-More": "secret"}},
            {"url": "https://evil.example.com", "header_value": "new"},
            "url",
        ),
        ("tool", {"url": TOOL, "headers": {"X-Key": ["old"]}}, {"url": "https://evil.example.com"}, "url"),
    ],
)
def test_no_stored_secret_follows_a_changed_url(
    slug: str, stored: dict[str, Any], parts: dict[str, str], beside: str
) -> None:
    with pytest.raises(InvalidFields) as refusal:
        edited(slug, stored, **parts)
    assert set(refusal.value.fields) == {f"extra_config_{beside}"}
    assert "old" not in str(refusal.value.fields)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    slug=st.sampled_from(["git", "tool"]),
    stored=st.dictionaries(st.sampled_from(["url", "token", "username", "headers", "own", "x"]), JSON_VALUES),
    url=st.sampled_from(["", URL, TOOL, "https://evil.example.com/x"]),
    secret=st.sampled_from(["", "typed-secret"]),
    header=st.sampled_from(["", "X-Key"]),
)
def test_whatever_is_stored_another_url_gets_none_of_its_secrets_and_the_same_url_loses_nothing(
    slug: str, stored: dict[str, Any], url: str, secret: str, header: str
) -> None:
    own = {"token": secret} if slug == "git" else {"header_value": secret, "header_name": header}
    parts = {"url": url, **own}
    try:
        written = edited(slug, stored, **parts)
    except InvalidFields:
        return
    if url and url != stored.get("url"):
        public = (
            {"url", "username", "method", "expect_status", "refuse_status"} if slug == "tool" else {"url", "username"}
        )
        kept = {key: value for key, value in written.items() if key not in public}
        if slug == "tool":
            assert kept.keys() <= {"headers"}
            assert set(dict(kept.get("headers", {})).values()) <= {secret}
        else:
            assert kept in ({}, {"token": secret})
    else:
        assert written.keys() >= stored.keys()


@pytest.mark.parametrize(
    ("text", "withheld"),
    [
        (URL, False),
        ("git@git.example.com:t/r.git", False),
        ("git.example.com/t/r", False),
        ("", False),
        ("https://ann:secret@git.example.com/r", True),
        ("https://tool.example.com/?key=secret", True),
        ("https://tool.example.com/#secret", True),
        ('{"token": "secret"}', True),
        ("ghp_0123456789abcdef0123", True),
    ],
)
def test_a_url_with_a_secret_in_it_is_not_shown_again(text: str, withheld: bool) -> None:
    assert may_hold_a_secret(text) is withheld


@pytest.mark.parametrize(
    ("typed", "sentence", "place"),
    [
        ({}, "Extra Config is required.", "extra_config_url"),
        ({"username": "a:b"}, "“username” cannot contain a colon", "extra_config_username"),
        ({"url": "u", "username": "n"}, "Leave it out of “url”; put it into “username”.", "extra_config_url"),
        ({"url": "u"}, "“own” must be a text.", "extra_config_url"),
    ],
)
def test_a_sentence_on_the_json_stands_beside_the_field_that_it_is_about(
    typed: dict[str, str], sentence: str, place: str
) -> None:
    (field,) = kind_of("git").fields
    assert place_of_sentence(field.name, field.guided, values(**typed), sentence) == place
    typed_json = values("{", **typed)
    moved = place if typed and "own" not in sentence else field.name
    assert place_of_sentence(field.name, field.guided, typed_json, sentence) == moved
