"""A key that looks like one of another provider: nothing is stored, tested or sent before a person has decided."""

from collections.abc import Iterator
from itertools import product

import pytest
from flask import Flask

from credstore.credential_types.llm.providers import PROVIDERS
from credstore.credential_types.paste_detection.key_prefixes import known_owners, owner_of_key
from tests.page import Page
from tests.provider import Provider
from tests.web.conftest import JSON, TOKEN, Store, llm, rows
from tests.web.test_create import errors, value
from tests.web.test_drafts import local, panel
from tests.web.test_edit import data, resolved

NEW = "/credentials/new"
ANTHROPIC = "sk-ant-api03-canary7Hq2Zt9Wn4Lx8Rb"
KEYS = {  # one of each prefix, by the provider that it belongs to
    "sk-ant-api03-canary": "anthropic",
    "sk-or-v1-canary": "openai_compatible",
    "sk-proj-canary": "openai",
    "sk-svcacct-canary": "openai",
    "sk-admin-canary": "openai",
    "gsk_canary": "openai_compatible",
    "xai-canary": "openai_compatible",
    "pplx-canary": "openai_compatible",
    "hf_canary": "openai_compatible",
    "AIzaCanary": "openai_compatible",
    "ghp_canary": "",
    "github_pat_canary": "",
    "glpat-canary": "",
    TOKEN + "0123456789": "",
    "sk-canary": "openai",
}
ELSEWHERE = "https://gateway.example.com/v1"


@pytest.fixture
def form(admin: Page) -> Page:
    admin.canaries |= {ANTHROPIC}
    admin.get(NEW)
    return admin


def stored(app: Flask) -> int:
    return int(rows(app, "SELECT count(*) FROM credential")[0][0])


def buttons(page: Page, name: str) -> list[tuple[str, str]]:
    """(value, words) of the buttons of this name."""
    assert page.document is not None
    return [(found.attrs["value"], found.text) for found in page.document.find("button", name=name)]


def test_the_table_has_a_key_of_every_owner() -> None:
    owners = {next(owner.label for owner in known_owners() if key_of(owner.label, key)) for key in KEYS}
    assert owners == {owner.label for owner in known_owners()}


def key_of(label: str, key: str) -> bool:
    found = owner_of_key(key)
    return found is not None and found.label == label


def wrong_pairs() -> Iterator[tuple[str, str]]:
    for (key, owner), provider in product(KEYS.items(), PROVIDERS):
        unsure = key == "sk-canary" and provider.base_url is None  # any OpenAI Compatible server may use this prefix
        if owner != provider.slug and not unsure:
            yield key, provider.slug


@pytest.mark.parametrize("then", [None, "test", "test_draft"])
def test_no_key_is_stored_or_sent_under_another_provider_without_consent(
    form: Page, app: Flask, provider: Provider, then: str | None
) -> None:
    """Every prefix with every provider that is not its own, as a browser and as a program send it."""
    pairs = list(wrong_pairs())
    assert len(pairs) > 30
    for (key, slug), headers in product(pairs, ({}, JSON)):
        draft = llm("Wrong", api_key=f"KEY='{key}'", provider_type=slug, base_url=provider.url("/openai/v1"))
        answer = form.post(NEW, draft | ({"then": then} if then else {}), status=400, headers=headers)
        if headers:
            assert answer.json is not None
            assert (answer.json["code"], bool(answer.json["keep"])) == ("key-mismatch", True)
        else:
            assert f"{'Not tested' if then == 'test_draft' else 'Not saved'} yet. This looks like" in form.text
            assert len(buttons(form, "keep")) == 1
            assert key not in form.text
    assert stored(app) == 0
    assert not provider.requests


def test_a_key_under_its_own_provider_is_not_asked_about(form: Page, app: Flask) -> None:
    fitting = [(key, owner) for key, owner in KEYS.items() if owner]
    urls = {owner.label: owner.base_url for owner in known_owners()}
    for key, owner in fitting:
        label = next(label for label in urls if key_of(label, key))
        form.post(NEW, llm(f"Fits {label} {owner} {key[3:6]}", api_key=key, provider_type=owner, base_url=urls[label]))
        form.get(NEW)
    assert stored(app) == len(fitting)


def test_use_takes_the_provider_of_the_key_and_keep_the_chosen_one(form: Page, app: Flask) -> None:
    form.post(NEW, llm("Key", api_key=ANTHROPIC), status=400)
    assert buttons(form, "use_owner") == [("Anthropic", "Use Anthropic")]
    assert buttons(form, "keep") == [("Anthropic key for OpenAI", "Keep OpenAI")]
    assert value(form, "llm-api_key") == ""
    again = llm("Used", api_key=ANTHROPIC, organization_id="org-1")
    form.post(NEW, again | {"use_owner": "Anthropic"})
    form.get(NEW)
    form.post(NEW, llm("Kept", api_key=ANTHROPIC) | {"keep": "Anthropic key for OpenAI"})
    found = rows(app, "SELECT name, public FROM credential ORDER BY id")
    assert [(name, "anthropic" in public) for name, public in found] == [("Used", True), ("Kept", False)]
    assert "org-1" not in found[0][1]


@pytest.mark.parametrize("keep", ["Groq key for OpenAI", "Anthropic key for Anthropic", "x", ""])
def test_consent_to_something_else_is_no_consent(form: Page, app: Flask, keep: str) -> None:
    form.post(NEW, llm("Key", api_key=ANTHROPIC) | {"keep": keep, "kept": keep}, status=400)
    assert buttons(form, "keep")
    assert stored(app) == 0


def test_a_consent_is_remembered_while_other_fields_are_corrected(form: Page, app: Flask) -> None:
    form.post(NEW, llm("", api_key=ANTHROPIC) | {"keep": "Anthropic key for OpenAI"}, status=400)
    assert "name" in errors(form)
    assert value(form, "kept") == "Anthropic key for OpenAI"
    assert not buttons(form, "keep")
    form.post(NEW, llm("Kept", api_key=ANTHROPIC) | {"kept": value(form, "kept")})
    assert stored(app) == 1


def test_the_answer_goes_on_with_what_was_pressed(form: Page, provider: Provider, app: Flask) -> None:
    draft = llm("Draft", **local(provider, "/anthropic", api_key=ANTHROPIC))
    form.post(NEW, draft | {"then": "test_draft"}, status=400)
    assert value(form, "stopped") == "test_draft"
    form.post(NEW, draft | {"stopped": "test_draft", "keep": "Anthropic key for OpenAI Compatible"}, status=200)
    assert panel(form)[0]
    assert stored(app) == 0
    form.post(NEW, draft | {"then": "test"}, status=400)
    form.post(NEW, draft | {"stopped": "test", "keep": "Anthropic key for OpenAI Compatible"})
    form.get("/credentials")
    assert "Draft is encrypted and stored." in form.text
    assert provider.requests
    form.get(NEW)
    plain = llm("Plain", **local(provider)) | {"stopped": "test_draft"}  # another button of the same form was pressed
    form.post(NEW, plain)
    assert stored(app) == 2


def test_a_key_that_came_back_blank_is_asked_for_again(form: Page, app: Flask) -> None:
    form.post(NEW, llm("Key", api_key=ANTHROPIC, provider_type="openai_compatible", base_url=ELSEWHERE), status=400)
    typed = value(form, "typed")
    blank = llm("Key", api_key="", provider_type="openai_compatible", base_url=ELSEWHERE) | {"typed": typed}
    form.post(NEW, blank | {"keep": "Anthropic key for OpenAI Compatible"}, status=400)
    assert "Enter the API Key again" in errors(form)["llm-api_key"]
    assert stored(app) == 0
    assert value(form, "kept") == "Anthropic key for OpenAI Compatible"
    form.post(
        NEW, llm("Key", api_key="", provider_type="openai") | {"typed": typed, "use_owner": "Anthropic"}, status=400
    )
    assert "Enter the API Key again" in errors(form)["llm-api_key"]
    assert stored(app) == 0


def test_a_bot_token_moves_to_the_type_telegram_and_back(form: Page, app: Flask) -> None:
    token = "123456789:AAcanary-Zq8Xw2Lm7Rt4YvZq8Xw2Lm7Rt4"
    form.canaries.add(token)
    form.post(NEW, llm("Bot", api_key=token), status=400)
    assert buttons(form, "use_owner") == [("Telegram", "Use Telegram")]
    form.post(NEW, llm("Bot", api_key=token) | {"use_owner": "Telegram"})
    form.get(NEW)
    wrong = {"type": "telegram", "name": "Model", "telegram-bot_token": "gsk_canary0123456789"}
    form.post(NEW, wrong, status=400)
    form.post(NEW, wrong | {"use_owner": "Groq"})
    found = rows(app, "SELECT kind, public FROM credential ORDER BY id")
    assert [kind for kind, _ in found] == ["telegram", "llm"]
    assert "api.groq.com" in found[1][1]


def test_a_token_of_a_git_host_can_only_be_kept(form: Page) -> None:
    form.post(NEW, llm("Git", api_key="ghp_canary0123456789"), status=400)
    assert not buttons(form, "use_owner")
    assert buttons(form, "keep") == [("GitHub token for LLM", "Keep LLM")]


@pytest.mark.parametrize("then", [None, "test", "test_new"])
def test_the_edit_form_asks_as_well(form: Page, store: Store, app: Flask, provider: Provider, then: str | None) -> None:
    row = store("Model", provider_type="openai", base_url=provider.url("/openai/v1"))
    url = f"/credentials/{row}/edit"
    form.get(url)
    typed = data("Model", api_key=ANTHROPIC, base_url=provider.url("/openai/v1"))
    form.post(url, typed | ({"then": then} if then else {}), status=400)
    assert buttons(form, "use_owner") == [("Anthropic", "Use Anthropic")]
    assert not provider.requests
    assert resolved(app, row)["api_key"] != ANTHROPIC
    form.post(url, typed | {"use_owner": "Anthropic"})
    assert resolved(app, row)["api_key"] == ANTHROPIC
    assert resolved(app, row)["provider_type"] == "anthropic"


def test_a_bot_token_in_an_edit_form_cannot_change_its_type(form: Page, store: Store) -> None:
    row = store("Model")
    form.get(f"/credentials/{row}/edit")
    form.post(
        f"/credentials/{row}/edit", data("Model", api_key=TOKEN + "0123456789") | {"use_owner": "Telegram"}, status=400
    )
    assert not buttons(form, "use_owner")
    assert buttons(form, "keep")


@pytest.mark.parametrize(
    ("slug", "key", "url"),
    [
        ("anthropic", ANTHROPIC, "https://api.groq.com/openai/v1"),
        ("openai", "sk-proj-canary", "https://api.anthropic.com"),
        ("openai_compatible", "gsk_canary", "https://api.x.ai/v1"),
    ],
)
def test_the_right_provider_with_the_address_of_another_is_asked_about(
    form: Page, slug: str, key: str, url: str
) -> None:
    form.post(NEW, llm("Key", provider_type=slug, api_key=key, base_url=url), status=400)
    assert "the base URL is that of another host" in form.text
    assert [words for _, words in buttons(form, "keep")] == [f"Keep {url.split('/')[2]}"]


def test_a_gateway_s_address_stays_and_that_of_another_vendor_goes(form: Page, app: Flask) -> None:
    for url in (ELSEWHERE, "https://api.openai.com/v1", "https://api.groq.com/openai/v1"):
        form.get(NEW)
        form.post(NEW, llm(url[:30], api_key=ANTHROPIC, base_url=url) | {"use_owner": "Anthropic"})
    found = [public for (public,) in rows(app, "SELECT public FROM credential ORDER BY id")]
    assert ["base_url" in public for public in found] == [True, False, False]


def test_other_errors_stand_beside_the_question(form: Page) -> None:
    form.post(NEW, llm("Key", api_key=ANTHROPIC, base_url="nonsense"), status=400)
    assert buttons(form, "use_owner")
    assert set(errors(form)) == {"llm-base_url"}
