"""A text in the place of a name that looks like a secret."""

import pytest

from credstore.credential_types.paste_detection.secret_words import looks_like_a_secret

RANDOM = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"


@pytest.mark.parametrize(
    "text", ["sk-ant-api03-abc", "from gsk_0123456789", RANDOM, f"{RANDOM}==", "https://u:p@host/"]
)
def test_a_secret_is_seen(text: str) -> None:
    assert looks_like_a_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "OpenAI production",
        "A_TOKEN_WITH_A_NAME_THAT_GOES_ON_AND_ON_WITHOUT_A_BREAK_2",
        "https://host/a@b",
        "",
        "x" * 5000,
    ],
)
def test_a_name_is_none(text: str) -> None:
    assert not looks_like_a_secret(text)
