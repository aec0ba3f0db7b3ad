"""Paste detection: what is removed around a key, whose key it looks like, and notes that never repeat it."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credstore.credential_types import CredentialType, Git, Llm, Telegram, Tool, Values
from credstore.credential_types.paste_detection import suggestions
from credstore.credential_types.paste_detection.key_prefixes import owner_of_key
from credstore.credential_types.paste_detection.unwrap import (
    _STEPS,
    BEARER,
    CURL,
    HEADER,
    INVISIBLE,
    LINE,
    MAX_LENGTH,
    NOTES,
    QUOTES,
    SPACE,
    TELEGRAM,
    Unwrapped,
    _Seen,
    unwrap,
)
from credstore.errors import InvalidFields

KEY = "sk-proj-Abc_123-def.456"
BOT = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
CURL_CHAT = f"""curl https://gateway.example.com/v1/chat/completions \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer {KEY}" \\
  -H "OpenAI-Organization: org-acme" \\
  -d '{{"model": "gpt-5", "messages": []}}'"""


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        (KEY, ()),
        ("", ()),
        (f"  {KEY}\r\n", (SPACE,)),
        (f"\xa0{KEY}\u2003", (SPACE,)),
        (f'"{KEY}"', (QUOTES,)),
        (f"'{KEY}'", (QUOTES,)),
        (f"`{KEY}`", (QUOTES,)),
        (f"“{KEY}”", (QUOTES,)),
        (f"„{KEY}“", (QUOTES,)),
        (f"«{KEY}»", (QUOTES,)),
        (f'"{KEY}",', (QUOTES,)),
        (f"'\"{KEY}\"'", (QUOTES,)),
        (f"Bearer {KEY}", (BEARER,)),
        (f"bearer  {KEY}", (BEARER,)),
        (f"Authorization: Bearer {KEY}", (HEADER, BEARER)),
        (f"x-api-key: {KEY}", (HEADER,)),
        (f"Private-Token:{KEY}", (HEADER,)),
        (f'"Authorization": "Bearer {KEY}",', (HEADER, QUOTES, BEARER)),
        (f"\ufeff{KEY}\u200b", (INVISIBLE,)),
        (KEY[:8] + "\u200d\u2060" + KEY[8:], (INVISIBLE,)),
        (f" “Bearer {KEY}\u200b” ", (INVISIBLE, SPACE, QUOTES, BEARER)),
        (f"OPENAI_API_KEY={KEY}", (LINE,)),
        (f"export OPENAI_API_KEY='{KEY}'", (LINE,)),
        (f'export OPENAI_API_KEY="{KEY}" # production', (LINE,)),
        (f"OPENAI_API_KEY = {KEY} # production", (LINE,)),
        (f"set OPENAI_API_KEY={KEY}", (LINE,)),
        (f'$env:OPENAI_API_KEY = "{KEY}"', (LINE,)),
        (f"# mine\nOPENAI_ORG_ID=org-acme\n\nOPENAI_API_KEY={KEY}\n", (SPACE, LINE)),
        (f"curl -s https://api.openai.com/v1/models -H 'Authorization: Bearer {KEY}'", (CURL,)),
        (f"$ curl https://api.anthropic.com/v1/messages --header='x-api-key: {KEY}'", (CURL,)),
        (f"curl https://x.example/v1/models -HAuthorization:\\ Bearer\\ {KEY}", (CURL,)),
        (f'curl.exe https://x.example/v1/models ^\r\n -H "api-key: {KEY}"', (CURL,)),
        (CURL_CHAT, (CURL,)),
        (CURL_CHAT.replace("\n", ""), (CURL,)),  # a password box joins the lines
        (f"curl https://x.example -H 'Authorization: Bearer {KEY}' -d '{{\"it's\": 1}}'", (CURL,)),
    ],
)
def test_the_key_comes_out_and_what_was_dropped_is_said(text: str, notes: tuple[str, ...]) -> None:
    taken = unwrap(text)
    assert (taken.value, taken.notes) == (KEY if text else "", notes)


@pytest.mark.parametrize(
    "text",
    [f"https://api.telegram.org/bot{BOT}/getMe", f"https://api.telegram.org/bot{BOT.replace(':', '%3A')}"],
)
def test_a_bot_token_comes_out_of_a_url_of_telegrams(text: str) -> None:
    assert unwrap(text) == Unwrapped(value=BOT, notes=(TELEGRAM,))


@pytest.mark.parametrize(
    "text",
    [
        "AAAA=BBBB",  # no name of a secret before the equals sign
        "KEYKEYKEYKEYKEY==",  # base64 ends like this
        "sk-a=b",
        "pass word",
        "curl https://api.openai.com/v1/models",
        'curl https://api.openai.com/v1/models -H "Authorization: Bearer $OPENAI_API_KEY"',
        "“sk-half-quoted",
        "bearer",
        "A_KEY=1\nand prose",
        f"https://evil.example/notbot{BOT}",
    ],
)
def test_what_is_no_known_wrapping_stays_as_it_is(text: str) -> None:
    assert unwrap(text) == Unwrapped(value=text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (CURL_CHAT, {"base_url": "https://gateway.example.com/v1", "organization_id": "org-acme"}),
        (
            f"curl https://api.anthropic.com/v1/messages -H 'x-api-key: {KEY}'",
            {"base_url": "https://api.anthropic.com"},
        ),
        (
            f"curl 'http://localhost:11434/v1/models?key=other' -H 'api-key: {KEY}'",
            {"base_url": "http://localhost:11434/v1"},
        ),
        (f"curl https://ann:other@x.example/v1 -H 'api-key: {KEY}'", {}),
        (
            f"A_API_KEY={KEY}\nA_BASE_URL=https://x.example/v1/\nA_ORG=org-1",
            {"base_url": "https://x.example/v1", "organization_id": "org-1"},
        ),
        (f"A_API_KEY={KEY}\nDATABASE_URL=postgres://u:p@db/x", {}),
        (f"A_API_KEY={KEY}\nA_API_BASE=ftp://x.example", {}),
    ],
)
def test_what_stands_beside_the_key_is_found(text: str, found: dict[str, str]) -> None:
    taken = unwrap(text)
    assert (taken.value, taken.found) == (KEY, found)


PIECES = st.sampled_from(
    ["Bearer ", "authorization: ", '"', "'", "“", "”", " ", "\n", "\\", "\u200b", "curl ", "-H ", "https://x.example/v1",
     "export ", "A_KEY=", "B_BASE_URL=", "#", ",", ";", KEY, BOT, "api.telegram.org/bot", "https://", "\x00", "é"]
)  # fmt: skip
DIRT = st.lists(PIECES | st.text(max_size=5), max_size=25).map("".join) | st.text()


@given(DIRT)
def test_unwrapping_never_raises_and_once_more_changes_nothing(text: str) -> None:
    taken = unwrap(text)
    again = unwrap(taken.value)
    assert (again.value, again.notes) == (taken.value, ())
    assert len(taken.value) <= len(text)


def all_suggestions(kind: type[CredentialType], values: Values) -> tuple[dict[str, Any], ...]:
    """Notes, warnings and proposals, as the views ask for them one by one."""
    asked = (suggestions.unwrap_notes, suggestions.mismatch_warnings, suggestions.proposed_values)
    return tuple(ask(kind, values) for ask in asked)


@given(DIRT)
def test_notes_are_fixed_sentences_so_that_none_can_repeat_a_value(text: str) -> None:
    assert set(unwrap(text).notes) <= set(NOTES)
    assert repr(unwrap(text)).count(KEY) <= repr(unwrap(text).found).count(KEY)


@given(st.text(alphabet="abcdefABCDEF0123456789-_.", min_size=12, max_size=60))
def test_a_clean_key_passes_untouched_and_is_not_in_any_sentence(key: str) -> None:
    wrapped = f"  “Authorization: Bearer {key}” "
    assert unwrap(key) == Unwrapped(value=key)
    assert unwrap(wrapped).value == key
    assert all(step(key, _Seen(wanted="")) == key for step, _ in _STEPS), "which is why they are left out for it"
    for suggested in all_suggestions(Llm, {"provider_type": "openai", "api_key": wrapped}):
        assert key not in repr(suggested)


@given(DIRT, st.sampled_from(["openai", "anthropic", "openai_compatible", "", "x"]), DIRT)
def test_no_notice_raises(text: str, provider: str, url: str) -> None:
    for kind in (Llm, Telegram, Git, Tool):
        values = {"api_key": text, "bot_token": text, "provider_type": provider, "base_url": url, "extra_config": text}
        assert all(isinstance(found, dict) for found in all_suggestions(kind, values))


@pytest.mark.parametrize(
    "text",
    [
        '"' * MAX_LENGTH,
        '" ' * (MAX_LENGTH // 2),
        "Bearer " * (MAX_LENGTH // 7),
        "A_KEY=" * (MAX_LENGTH // 6),
        "\xad" * MAX_LENGTH,
        "curl " + "\\ " * (MAX_LENGTH // 2),
        "curl " + "'" * (MAX_LENGTH - 6),
        "A_KEY=" + " #" * (MAX_LENGTH // 2 - 4),
        "A_KEY=x" + " " * (MAX_LENGTH - 8) + "x",
        "\n" * MAX_LENGTH,
        "curl " + " " * (MAX_LENGTH - 7) + "x",
        "x" * 10_000_000,
    ],
)
def test_no_paste_takes_long(text: str) -> None:
    started = time.perf_counter()
    unwrap(text)
    assert time.perf_counter() - started < 2


def test_a_field_is_cleaned_by_it() -> None:
    values = {"provider_type": "openai", "api_key": f" “Bearer {KEY}\u200b”\n"}
    assert Llm.clean(values)["api_key"] == KEY
    assert Telegram.clean({"bot_token": f"https://api.telegram.org/bot{BOT}/getMe"}) == {"bot_token": BOT}
    # Longer than the field may be, but not the token in it.
    assert Telegram.clean({"bot_token": f"TELEGRAM_BOT_TOKEN='{BOT}' # {'x' * 300}"}) == {"bot_token": BOT}


@pytest.mark.parametrize("nothing", ['""', "“”", "\u200b", '" \u200b "'])
def test_what_unwraps_to_nothing_is_refused_and_does_not_pass_for_blank(nothing: str) -> None:
    """Blank means: keep the stored key. This was typed on purpose."""
    with pytest.raises(InvalidFields) as refusal:
        Llm.clean({"provider_type": "openai", "api_key": nothing}, kept=())
    assert "nothing in this" in refusal.value.fields["api_key"]


@pytest.mark.parametrize(
    "dirt", ["sk proj 123456", "sk-prój-123456", "sk-proj\x00-123456", "sk-…123456", "sk-\u202e123456"]
)
def test_what_is_not_around_but_inside_a_key_is_refused(dirt: str) -> None:
    with pytest.raises(InvalidFields) as refusal:
        Llm.clean({"provider_type": "openai", "api_key": dirt})
    assert set(refusal.value.fields) == {"api_key"}


@pytest.mark.parametrize(
    ("text", "provider", "label", "url"),
    [
        ("sk-ant-api03-x", "anthropic", "Anthropic", "https://api.anthropic.com"),
        ("sk-or-v1-x", "openai_compatible", "OpenRouter", "https://openrouter.ai/api/v1"),
        ("sk-proj-x", "openai", "OpenAI", "https://api.openai.com/v1"),
        ("sk-x", "openai", "OpenAI", "https://api.openai.com/v1"),
        ("gsk_x", "openai_compatible", "Groq", "https://api.groq.com/openai/v1"),
        ("xai-x", "openai_compatible", "xAI", "https://api.x.ai/v1"),
        ("hf_x", "openai_compatible", "Hugging Face", "https://router.huggingface.co/v1"),
        ("AIzaX", "openai_compatible", "Google", "https://generativelanguage.googleapis.com/v1beta/openai"),
        ("ghp_x", "", "GitHub", "https://github.com"),
        ("github_pat_x", "", "GitHub", "https://github.com"),
        ("glpat-x", "", "GitLab", "https://gitlab.com"),
        (BOT, "", "Telegram", "https://api.telegram.org"),
    ],
)
def test_a_prefix_tells_whose_key_it_looks_like(text: str, provider: str, label: str, url: str) -> None:
    known = owner_of_key(text)
    assert known is not None
    assert (known.provider_slug, known.label, known.base_url) == (provider, label, url)


@pytest.mark.parametrize("text", ["", "x", "SK-ant", "my sk-ant-x", "12:34", "https://sk-ant-"])
def test_anything_else_is_nobodys(text: str) -> None:
    assert owner_of_key(text) is None


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"provider_type": "openai", "api_key": "sk-ant-x"},
            "This looks like an Anthropic key; the provider type is OpenAI.",
        ),
        (
            {"provider_type": "anthropic", "api_key": "sk-proj-x"},
            "This looks like an OpenAI key; the provider type is Anthropic.",
        ),
        (
            {"provider_type": "anthropic", "api_key": "sk-x"},
            "This looks like an OpenAI key; the provider type is Anthropic.",
        ),
        ({"provider_type": "openai", "api_key": '"gsk_x"'}, "This looks like a Groq key; the provider type is OpenAI."),
        ({"provider_type": "openai", "api_key": "ghp_x"}, "This looks like a GitHub token; the type is LLM."),
        ({"provider_type": "openai", "api_key": BOT}, "This looks like a Telegram bot token; the type is LLM."),
        (
            {"provider_type": "openai_compatible", "api_key": "sk-ant-x", "base_url": "http://localhost:1"},
            "This looks like an Anthropic key; the provider type is OpenAI Compatible.",
        ),
        (
            {"provider_type": "openai_compatible", "api_key": "gsk_x", "base_url": "https://api.x.ai/v1"},
            "This looks like a Groq key; the base URL is that of another host.",
        ),
        ({"provider_type": "openai_compatible", "api_key": "gsk_x", "base_url": "https://api.groq.com/openai/v1"}, ""),
        ({"provider_type": "openai_compatible", "api_key": "sk-ant-x", "base_url": "https://API.anthropic.com/v1"}, ""),
        ({"provider_type": "openai_compatible", "api_key": "sk-x", "base_url": "https://api.deepseek.com"}, ""),
        ({"provider_type": "openai_compatible", "api_key": "gsk_x"}, ""),
        ({"provider_type": "openai", "api_key": "sk-proj-x", "base_url": "https://eu.api.openai.com/v1"}, ""),
        ({"provider_type": "openai", "api_key": "whatever"}, ""),
        ({"provider_type": "nonsense", "api_key": "sk-ant-x"}, ""),
        ({}, ""),
    ],
)
def test_a_key_for_something_else_is_warned_of_never_refused(values: dict[str, str], sentence: str) -> None:
    assert suggestions.mismatch_warnings(Llm, values) == ({"api_key": sentence} if sentence else {})


def test_an_llm_key_is_no_bot_token() -> None:
    assert suggestions.mismatch_warnings(Telegram, {"bot_token": "sk-ant-x"}) == {
        "bot_token": "This looks like an Anthropic key; the type is Telegram."
    }
    assert suggestions.mismatch_warnings(Telegram, {"bot_token": BOT}) == {}


@pytest.mark.parametrize(
    ("values", "proposals"),
    [
        ({"api_key": "sk-ant-x"}, {"provider_type": "anthropic"}),
        ({"api_key": "sk-proj-x"}, {"provider_type": "openai"}),
        ({"api_key": "gsk_x"}, {"provider_type": "openai_compatible", "base_url": "https://api.groq.com/openai/v1"}),
        ({"api_key": "gsk_x", "base_url": "https://mine.example"}, {"provider_type": "openai_compatible"}),
        (
            {"api_key": CURL_CHAT},
            {"provider_type": "openai", "base_url": "https://gateway.example.com/v1", "organization_id": "org-acme"},
        ),
        ({"api_key": "curl https://api.anthropic.com/v1/messages -H 'x-api-key: odd'"}, {"provider_type": "anthropic"}),
        (
            {"api_key": "A_KEY=odd\nA_BASE_URL=http://localhost:8000/v1"},
            {"provider_type": "openai_compatible", "base_url": "http://localhost:8000/v1"},
        ),
        (
            {"api_key": "A_KEY=sk-x\nA_BASE_URL=https://api.deepseek.com"},
            {"provider_type": "openai_compatible", "base_url": "https://api.deepseek.com"},
        ),
        ({"api_key": "ghp_x"}, {}),
        ({"api_key": "odd"}, {}),
        ({}, {}),
    ],
)
def test_blank_fields_get_a_proposal(values: dict[str, str], proposals: dict[str, str]) -> None:
    assert suggestions.proposed_values(Llm, values) == proposals


def test_kinds_without_such_fields_get_none() -> None:
    assert suggestions.proposed_values(Telegram, {"bot_token": CURL_CHAT}) == {}
    assert all_suggestions(Git, {"extra_config": '"{}"'}) == ({}, {}, {})


def test_notes_stand_by_their_field() -> None:
    assert suggestions.unwrap_notes(Llm, {"api_key": f'"{KEY}"'}) == {"api_key": (QUOTES,)}
    assert suggestions.unwrap_notes(Llm, {"api_key": KEY}) == {}
