"""A key under another provider that stands in a second field too: no answer about it repeats a part of the key."""

import random
import string
from collections.abc import Iterator
from itertools import cycle, product
from typing import Any

import pytest
from werkzeug.test import TestResponse

from credstore.credential_types.llm.providers import PROVIDERS
from tests.page import Page
from tests.web.conftest import JSON, Store, llm
from tests.web.test_edit import data

NEW = "/credentials/new"
PREFIXES = ("sk-ant-api03-", "sk-or-v1-", "sk-proj-", "gsk_", "xai-", "pplx-", "hf_", "AIza", "ghp_", "glpat-", "sk-")
BUTTONS: tuple[dict[str, str], ...] = ({}, {"then": "test"}, {"then": "test_draft"})


def planted() -> Iterator[tuple[str, dict[str, str]]]:
    """(key, fields of the form without their type): each prefix, with the key or a part of it in each other field."""
    # A fixed seed: the same cases each time, and no word of a page by chance.
    chance = random.Random(7)
    for prefix in PREFIXES:
        key = prefix + "".join(chance.choices(string.ascii_letters + string.digits, k=40))
        place = f"{key}.example.com"
        yield key, {"base_url": f"https://{place}/v1"}
        yield key, {"base_url": f"https://{place.replace('_', '%5F')}/v1"}
        yield key, {"base_url": f"https://{key[8:28]}.example.com/v1"}
        yield key, {"base_url": f"https://gateway.example.com/{key}/v1"}
        yield key, {"organization_id": key}
        yield key, {"name": f"mine {key}"}
        yield key, {"expires": key}


def no_part(answer: TestResponse, key: str, *, typed: str) -> None:
    """A part alone that was typed into a public field is in that field again, and nowhere else."""
    told = answer.text.replace(f'value="{typed}"', "").casefold() if typed else answer.text.casefold()
    told += str(answer.headers).casefold()
    # What is random: a prefix such as "sk-proj-" is in the help of the page.
    secret = key.casefold()[-40:]
    places = [told.index(secret[at : at + 6]) for at in range(len(secret) - 5) if secret[at : at + 6] in told]
    assert not places, told[min(places) - 150 : min(places) + 60]


def sent(form: dict[str, Any], key: str, fields: dict[str, str], slug: str) -> dict[str, Any]:
    outer = {name: fields[name] for name in ("name", "expires") if name in fields}
    inner = {f"llm-{name}": text for name, text in fields.items() if name not in outer}
    return form | {"llm-api_key": key, "llm-provider_type": slug} | inner | outer


def typed_part(fields: dict[str, str], key: str) -> str:
    url = fields.get("base_url", "")
    return "" if key.casefold() in url.replace("%5F", "_").casefold() else url


@pytest.mark.parametrize("headers", [{}, JSON], ids=["browser", "program"])
def test_nothing_repeats_the_key_on_a_create_or_a_test(admin: Page, headers: dict[str, str]) -> None:
    admin.get(NEW)
    chosen = cycle(product(BUTTONS, PROVIDERS))
    for (key, fields), (button, provider) in zip(planted(), chosen, strict=False):
        form = sent(llm("Wrong"), key, fields, provider.slug) | button
        answer = admin.post(NEW, form, status=None, headers=headers)
        # A key that fits its provider is tested or stored: only the question is looked at here.
        if answer.status_code == 400:
            no_part(answer, key, typed=typed_part(fields, key))
        elif answer.status_code == 303:
            admin.get("/credentials")  # shows what became of it, so that the next answer does not


def test_nothing_repeats_the_key_after_a_consent(admin: Page) -> None:
    admin.get(NEW)
    for key, fields in planted():
        host = fields.get("base_url", "https://x").split("/")[2].lower()
        consent = {"keep": f"Groq key for {host}", "kept": f"Groq key for {host}"}
        answer = admin.post(NEW, sent(llm("Wrong"), key, fields, "openai_compatible") | consent, status=None)
        if answer.status_code == 400:
            no_part(answer, key, typed=typed_part(fields, key))


@pytest.mark.parametrize("then", [None, "test", "test_new"])
def test_nothing_repeats_the_key_on_an_edit(admin: Page, store: Store, then: str | None) -> None:
    url = f"/credentials/{store('Model')}/edit"
    admin.get(url)
    for key, fields in planted():
        form = sent(data("Model"), key, fields, "openai_compatible") | ({"then": then} if then else {})
        answer = admin.post(url, form, status=None, headers=JSON)
        if answer.status_code == 400:
            no_part(answer, key, typed="")


def test_a_consent_to_a_host_with_a_part_of_the_key_can_be_given(admin: Page) -> None:
    admin.get(NEW)
    key = "gsk_" + "q7Zt9Wn4Lx8RbV2mK5pD" * 2
    form = sent(llm("Kept"), key, {"base_url": f"https://{key[8:24]}.example.com/v1"}, "openai_compatible")
    asked = admin.post(NEW, form, status=400, headers=JSON).json
    assert asked is not None
    assert asked["keep"] == "Groq key for this base URL"
    admin.post(NEW, form | {"keep": asked["keep"]}, status=201, headers=JSON)
