"""Keys and tokens as people paste them: what is accepted, what is refused, and that a refusal never repeats them."""

import pytest

from credstore.credential_types import CREDENTIAL_TYPES, CredentialType, by_slug
from credstore.errors import InvalidFields

KEY = "sk-proj-ABCdef123"
TOKEN = "123456789:AAbbccddeeff-_0123456789"
MASKS = [
    "***",
    "********",
    "•••",
    "●●●●●●",
    "sk-...abcd",
    "sk-…abcd",
    "sk-proj-****abcd",
    "sk-••••••abcd",
    "<redacted>",
    "[hidden]",
    "<MASKED>",
    "...",
]


def refused(slug: str, values: dict[str, str]) -> dict[str, str]:
    kind = by_slug(slug)
    assert kind is not None
    with pytest.raises(InvalidFields) as caught:
        kind.clean(values)
    assert caught.value.__cause__ is None
    return caught.value.fields


def cleaned(slug: str, values: dict[str, str]) -> dict[str, str]:
    kind = by_slug(slug)
    assert kind is not None
    return kind.clean(values)


@pytest.mark.parametrize("mask", MASKS)
def test_a_mask_is_never_taken_for_a_key(mask: str) -> None:
    wrong = refused("llm", {"provider_type": "openai", "api_key": mask})
    assert wrong.keys() == {"api_key"}
    assert "masked API Key" in wrong["api_key"]


@pytest.mark.parametrize("mask", MASKS)
def test_a_mask_is_never_taken_for_a_bot_token(mask: str) -> None:
    wrong = refused("telegram", {"bot_token": mask})
    assert wrong.keys() == {"bot_token"}
    assert "masked Bot Token" in wrong["bot_token"]


def test_a_refusal_calls_the_secret_as_its_field_is_called() -> None:
    assert refused("telegram", {"bot_token": "12345: AAbb"})["bot_token"].startswith(
        "This Bot Token has a space, a line break"
    )
    wrong = refused("llm", {"provider_type": "openai", "api_key": "sk one two"})
    assert wrong["api_key"].startswith("This API Key has a space, a line break")


@pytest.mark.parametrize(
    "key",
    [
        "sk-a b",
        "sk-a\nb",
        "sk-a\r\nX-Evil: 1",
        "sk-a\tb",
        "sk-a\0b",
        "sk-a\x7fb",
        "sk-a\x1bb",
        "sk-é",
        "sk-a\u00a0b",
        "sk-a\u202eb",
        "ключ",
        "sk-\ud800",
        "“sk-abc",
    ],
)
def test_a_key_is_printable_ascii_without_spaces(key: str) -> None:
    wrong = refused("llm", {"provider_type": "openai", "api_key": key})
    assert wrong.keys() == {"api_key"}
    assert "plain ASCII" in wrong["api_key"]


PASTED = [KEY, f"  {KEY}  ", f"{KEY}\n", f"\t{KEY}\r\n", f"\u00a0{KEY}", f"“{KEY}”", f"{KEY[:5]}\u200b{KEY[5:]}"]


@pytest.mark.parametrize("pasted", PASTED)
def test_space_and_quotes_around_a_pasted_key_and_what_is_invisible_are_dropped(pasted: str) -> None:
    assert cleaned("llm", {"provider_type": "openai", "api_key": pasted})["api_key"] == KEY


@pytest.mark.parametrize("key", ["sk-a.b", "a==", "user:pass", "x" * 4000, "gsk_*a", "a..b"])
def test_ordinary_keys_of_any_vendor_are_accepted(key: str) -> None:
    assert cleaned("llm", {"provider_type": "openai", "api_key": key})["api_key"] == key


@pytest.mark.parametrize(
    ("token", "good"),
    [
        (TOKEN, True),
        (f" {TOKEN}\n", True),
        ("123:ABCDEFGHIJ", True),
        ("ABC:ABCDEFGHIJKL", False),
        ("123456789", False),
        (":AAbbccddeeff", False),
        ("123456789:short", False),
        (f"bot{TOKEN}", False),
        (f"{TOKEN}/getMe", False),
        ("१२३४:ABCDEFGHIJKL", False),
    ],
)
def test_a_bot_token_is_a_number_a_colon_and_a_code(token: str, good: bool) -> None:
    if good:
        assert cleaned("telegram", {"bot_token": token}) == {"bot_token": token.strip()}
    else:
        assert refused("telegram", {"bot_token": token}).keys() == {"bot_token"}


LIMITS = [(kind, field) for kind in CREDENTIAL_TYPES for field in kind.fields if field.form != "choice"]


@pytest.mark.parametrize(("kind", "field"), LIMITS, ids=[f"{kind.slug}.{field.name}" for kind, field in LIMITS])
def test_a_value_beyond_the_length_of_its_field_is_refused_with_the_limit(
    kind: type[CredentialType], field: object
) -> None:
    name, longest = field.name, field.max_length  # type: ignore[attr-defined]
    with pytest.raises(InvalidFields) as caught:
        kind.clean({"provider_type": "openai", "api_key": KEY, name: "x" * (longest + 1)})
    assert caught.value.fields == {name: f"Use at most {longest} characters."}


CANARY = "CANARYcanary0123456789"


@pytest.mark.parametrize(
    ("slug", "values"),
    [
        ("llm", {"provider_type": "openai", "api_key": f"{CANARY} x"}),
        ("llm", {"provider_type": "openai", "api_key": f"{CANARY}..."}),
        ("llm", {"provider_type": "openai", "api_key": CANARY * 300}),
        ("llm", {"provider_type": CANARY, "api_key": CANARY}),
        ("llm", {"provider_type": "openai", "api_key": CANARY, "base_url": f"https://u:{CANARY}@h/"}),
        ("llm", {"provider_type": "openai", "api_key": CANARY, "base_url": f"https://h/?key={CANARY}"}),
        ("llm", {"provider_type": "openai", "api_key": CANARY, "base_url": CANARY}),
        ("llm", {"provider_type": "openai", "api_key": CANARY, "organization_id": f"{CANARY}\0"}),
        ("telegram", {"bot_token": CANARY}),
        ("git", {"extra_config": CANARY}),
        ("git", {"extra_config": f'{{"token": "{CANARY}"'}),
        ("git", {"extra_config": f'{{"url": "{CANARY}"}}'}),
        ("tool", {"extra_config": f'["{CANARY}"]'}),
        ("tool", {"extra_config": f'{{"{CANARY}": 1, "{CANARY}": 2}}'}),
        ("tool", {"extra_config": f'{{"headers": "{CANARY}"}}'}),
        ("tool", {"extra_config": f'{{"token": "<{CANARY} redacted>"}}'}),
    ],
)
def test_a_refusal_never_repeats_what_was_typed(slug: str, values: dict[str, str]) -> None:
    kind = by_slug(slug)
    assert kind is not None
    with pytest.raises(InvalidFields) as caught:
        kind.clean(values)
    assert CANARY not in f"{caught.value!r}{caught.value}{caught.value.fields}"


@pytest.mark.parametrize("kind", CREDENTIAL_TYPES, ids=lambda kind: kind.slug)
@pytest.mark.parametrize("blank", [{}, None, "", "   ", "\n\t"])
def test_every_required_field_is_asked_for_at_once(kind: type[CredentialType], blank: object) -> None:
    values = {} if blank == {} else {field.name: blank for field in kind.fields}
    with pytest.raises(InvalidFields) as caught:
        kind.clean(values)  # type: ignore[arg-type]
    wanted = {field.name: f"{field.label} is required." for field in kind.fields if field.required}
    assert caught.value.fields == wanted


def test_a_required_secret_that_is_kept_need_not_be_typed_again() -> None:
    kind = by_slug("telegram")
    assert kind is not None
    assert kind.clean({"bot_token": ""}, kept={"bot_token"}) == {}


def test_several_faults_are_told_at_once() -> None:
    wrong = refused("llm", {"provider_type": "nobody", "api_key": "***", "base_url": "ftp://x"})
    assert wrong.keys() == {"provider_type", "api_key", "base_url"}


def test_values_that_no_field_declares_are_dropped() -> None:
    values = {"provider_type": "openai", "api_key": KEY, "is_admin": "1"}
    assert cleaned("llm", values) == {"provider_type": "openai", "api_key": KEY}
