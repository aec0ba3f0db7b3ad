"""The create page: its fields, what it stores, what it refuses, and its error messages."""

import re

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from werkzeug.datastructures import MultiDict

from credstore.credential_types import CREDENTIAL_TYPES, CredentialType
from credstore.credential_types.llm.hosts import base_url_presets
from credstore.database import write_transaction
from credstore.models import Credential, db
from credstore.web import forms
from tests.page import Page
from tests.web.conftest import KEY, TOKEN, Store, extra, llm, rows, telegram

GIT = '{"url": "https://git.example.com/t/r.git", "token": "canary-git-Yx83Kd"}'


def errors(page: Page) -> dict[str, str]:
    """The sentence beside each field, by the field's name."""
    assert page.document is not None
    sentences = {
        wrong.attrs["id"]: wrong.text for wrong in page.document.find("p", class_="wrong") if "id" in wrong.attrs
    }
    return {
        control.attrs["name"]: sentences[pointer]
        for control in page.document.find(aria_invalid="true")
        for pointer in control.attrs["aria-describedby"].split()
        if pointer in sentences
    }


def value(page: Page, name: str) -> str:
    assert page.document is not None
    (control,) = page.document.find(name=name)
    return control.attrs.get("value", "") or (control.text if control.tag == "textarea" else "")


@pytest.fixture
def form(admin: Page) -> Page:
    admin.canaries |= {KEY, TOKEN, "canary-git-Yx83Kd"}
    admin.get("/credentials/new")
    return admin


@pytest.mark.spec("Click Add Credential to open the creation dialog.")
def test_the_list_leads_to_the_create_page(form: Page) -> None:
    form.get("/credentials")
    assert form.document is not None
    (link,) = [a for a in form.document.find("a", href="/credentials/new") if a.text == "Add Credential"]
    form.get(link.attrs["href"])
    assert "Add Credential" in form.text


@pytest.mark.spec("The platform supports four credential types:")
@pytest.mark.spec("Type (required) -- Select from LLM, Telegram, Git, or Tool")
def test_four_types_can_be_chosen(form: Page) -> None:
    assert form.document is not None
    radios = form.document.find("input", type="radio", name="type")
    assert [radio.attrs["value"] for radio in radios] == ["llm", "telegram", "git", "tool"]
    labels = [form.document.find("label", for_=radio.attrs["id"])[0].text for radio in radios]
    assert [label.split()[0] for label in labels] == ["LLMLLM", "TelegramTelegram", "GitGit", "ToolTool-specific"]


@pytest.mark.spec("When the type is set to LLM, additional fields appear:")
@pytest.mark.spec("API Key -- Your provider's API key (masked as a password field)")
@pytest.mark.spec("API keys are entered as password fields (masked input)")
@pytest.mark.spec("Bot Token -- Your Telegram bot token from @BotFather (masked as a password field)")
def test_keys_and_tokens_are_masked_inputs(form: Page) -> None:
    assert form.document is not None
    for name in ("llm-api_key", "telegram-bot_token"):
        (control,) = form.document.find("input", name=name)
        assert control.attrs["type"] == "password"
        assert control.attrs["autocomplete"] == "new-password"
        assert not control.attrs.get("value")


@pytest.mark.spec("LLM LLM provider API access Provider type, API key, base URL, organization ID")
@pytest.mark.spec("Telegram Telegram bot authentication Bot token")
@pytest.mark.spec("Git Git repository access (Configured via Extra Config)")
@pytest.mark.spec("Tool Tool-specific credentials (Configured via Extra Config)")
def test_each_type_has_its_own_fields(form: Page) -> None:
    assert form.document is not None
    names = [
        c.attrs["name"] for c in form.document.find("input", "select", "textarea") if "-" in c.attrs.get("name", "")
    ]
    assert names == [
        "llm-provider_type",
        "llm-api_key",
        "llm-base_url",
        "llm-organization_id",
        "llm-test_control",
        "telegram-bot_token",
        "git-extra_config_url",
        "git-extra_config_username",
        "git-extra_config_token",
        "git-extra_config",
        "tool-extra_config_url",
        "tool-extra_config_header_name",
        "tool-extra_config_header_value",
        "tool-extra_config",
    ]


def test_the_base_url_field_offers_the_known_providers(form: Page) -> None:
    assert form.document is not None
    (control,) = form.document.find("input", name="llm-base_url")
    (offers,) = form.document.find("datalist", id=control.attrs["list"])
    options = {o.attrs["value"]: o.text for o in form.document.find("option") if o.within("datalist") is offers}
    assert list(options.items()) == list(base_url_presets())
    assert options["https://generativelanguage.googleapis.com/v1beta/openai"] == "Gemini"


@pytest.mark.spec("Provider Type -- Choose from:")
@pytest.mark.spec("OpenAI -- For OpenAI's API")
@pytest.mark.spec("Anthropic -- For Anthropic's Claude API")
def test_three_providers_can_be_chosen(form: Page) -> None:
    assert form.document is not None
    options = [
        option
        for option in form.document.find("option")
        if (select := option.within("select")) and select.attrs["name"] == "llm-provider_type"
    ]
    assert [(o.attrs["value"], o.text) for o in options] == [
        ("openai", "OpenAI"),
        ("anthropic", "Anthropic"),
        ("openai_compatible", "OpenAI Compatible"),
    ]


@pytest.mark.parametrize(
    "data",
    [llm(), telegram(), extra("git", GIT), extra("tool", GIT)],
    ids=lambda data: data["type"],
)
def test_every_type_is_stored_and_the_answer_is_303_to_the_list(form: Page, data: dict[str, str]) -> None:
    answer = form.post("/credentials/new", data)
    assert re.fullmatch(r"/credentials\?changed=[0-9a-f-]{36}#changed", answer.location)
    form.get(answer.location)
    assert data["name"] in form.text
    assert f"{data['name']} is encrypted and stored." in form.text


@pytest.mark.parametrize("kind", ["llm", "telegram", "git", "tool"])
def test_the_address_can_preselect_a_type(form: Page, kind: str) -> None:
    form.get(f"/credentials/new?type={kind}")
    assert form.document is not None
    assert [r.attrs["value"] for r in form.document.find("input", name="type") if "checked" in r.attrs] == [kind]


@pytest.mark.parametrize("kind", ["", "x", "<script>", "%00", "LLM", "a" * 4000])
def test_a_type_that_is_unknown_preselects_the_first(form: Page, kind: str) -> None:
    form.get("/credentials/new", query_string=f"type={kind}")
    assert form.document is not None
    assert [r.attrs["value"] for r in form.document.find("input", name="type") if "checked" in r.attrs] == ["llm"]


@pytest.mark.spec("Name (required) -- A descriptive label for the credential")
@pytest.mark.parametrize("name", ["", "   ", "\t\n"])
def test_a_name_is_required(form: Page, app: Flask, name: str) -> None:
    form.post("/credentials/new", llm(name), status=400)
    assert set(errors(form)) == {"name"}
    assert not rows(app, "SELECT id FROM credential")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"api_key": ""}, "api_key"),
        ({"api_key": "sk-…abcd"}, "api_key"),
        ({"api_key": "********"}, "api_key"),
        ({"api_key": "two words"}, "api_key"),
        ({"api_key": "k" * 4001}, "api_key"),
        ({"provider_type": "nobody"}, "provider_type"),
        ({"provider_type": ""}, "provider_type"),
        ({"provider_type": "openai_compatible"}, "base_url"),
        ({"base_url": "ftp://x.example"}, "base_url"),
        ({"base_url": "not a url"}, "base_url"),
        ({"base_url": "https://user:pass@x.example"}, "base_url"),
        ({"base_url": "https://x.example/" + "a" * 2100}, "base_url"),
        ({"organization_id": "org with spaces"}, "organization_id"),
        ({"provider_type": "anthropic", "organization_id": "org-1"}, "organization_id"),
    ],
)
def test_bad_input_is_answered_beside_its_field_and_the_rest_is_kept(
    form: Page, app: Flask, more: dict[str, str], field: str
) -> None:
    form.post("/credentials/new", llm("Kept name", **more), status=400)
    messages = errors(form)
    assert set(messages) == {f"llm-{field}"}
    assert messages[f"llm-{field}"].endswith(".")
    assert value(form, "name") == "Kept name"
    assert value(form, "llm-api_key") == ""
    if "base_url" in more:
        assert value(form, "llm-base_url") == more["base_url"]
    assert not rows(app, "SELECT id FROM credential")


def test_all_sentences_come_at_once(form: Page) -> None:
    form.post("/credentials/new", llm("", api_key="a b", base_url="x y"), status=400)
    assert set(errors(form)) == {"name", "llm-api_key", "llm-base_url"}


@pytest.mark.parametrize("token", ["", "nonsense", "123:short", "•••••"])
def test_a_bot_token_has_a_shape(form: Page, token: str) -> None:
    form.post("/credentials/new", telegram() | {"telegram-bot_token": token}, status=400)
    assert set(errors(form)) == {"telegram-bot_token"}


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        "null",
        '{"a": 1',
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        "[" * 5000,
        '{"url": 3}',
        '{"a": "' + "b" * 20_001,
    ],
)
@pytest.mark.parametrize("kind", ["git", "tool"])
def test_extra_config_is_a_json_object(form: Page, kind: str, text: str) -> None:
    form.post("/credentials/new", extra(kind, text), status=400)
    assert set(errors(form)) == {f"{kind}-extra_config"}


@pytest.mark.parametrize("kind", ["git", "tool"])
def test_nothing_at_all_is_told_beside_the_first_field_of_extra_config(form: Page, kind: str) -> None:
    form.post("/credentials/new", extra(kind, ""), status=400)
    assert errors(form) == {f"{kind}-extra_config_url": "Extra Config is required."}


def test_a_refused_extra_config_is_not_shown_again(form: Page) -> None:
    form.post("/credentials/new", extra("git", GIT[:-1]), status=400)
    assert value(form, "git-extra_config") == ""


def test_a_name_is_unique_whatever_its_case(form: Page) -> None:
    form.post("/credentials/new", llm("Straße"))
    form.get("/credentials/new")
    form.post("/credentials/new", llm("  STRASSE "), status=400)
    assert "already" in errors(form)["name"]


def test_a_long_name_is_refused_in_words(form: Page) -> None:
    form.post("/credentials/new", llm("n" * 256), status=400)
    assert "255" in errors(form)["name"]


@pytest.mark.parametrize("kind", ["", "nobody", "csrf_token", "name", "LLM"])
def test_an_unknown_type_is_refused(form: Page, app: Flask, kind: str) -> None:
    form.post("/credentials/new", llm() | {"type": kind}, status=400)
    assert "Choose a type." in form.text
    assert not rows(app, "SELECT id FROM credential")


def test_fields_of_other_types_are_ignored(form: Page, app: Flask) -> None:
    form.post(
        "/credentials/new", telegram() | {"llm-base_url": "ftp://nonsense", "git-extra_config": "{", "tool-x": "1"}
    )
    assert rows(app, "SELECT kind, public, secret_names FROM credential") == [("telegram", "{}", "bot_token")]


def test_fields_that_no_type_has_are_ignored(form: Page, app: Flask) -> None:
    form.post("/credentials/new", llm() | {"llm-public_id": "x", "public_id": "x", "version": "9", "key_id": "0"})
    assert rows(app, "SELECT version, length(public_id) FROM credential") == [(1, 36)]


@pytest.mark.parametrize("kind", ["git", "tool"])
def test_insert_example_works_without_a_script_and_stores_nothing(form: Page, app: Flask, kind: str) -> None:
    form.post("/credentials/new", extra(kind, "") | {"insert_example": kind}, status=200)
    example = value(form, f"{kind}-extra_config")
    assert example.startswith("{")
    assert value(form, "name") == "Deploy key"
    assert not rows(app, "SELECT id FROM credential")
    form.post("/credentials/new", extra(kind, example))


@pytest.mark.parametrize("kind", ["nobody", "llm", "name", "csrf_token"])
def test_an_example_that_does_not_exist_harms_nothing(form: Page, kind: str) -> None:
    form.post("/credentials/new", llm() | {"insert_example": kind}, status=200)
    assert value(form, "llm-api_key") == ""


@pytest.mark.spec(
    "Base URL (optional) -- Override the default API endpoint. "
    "Useful for OpenAI-compatible providers that use a custom URL."
)
@pytest.mark.spec("Organization ID (optional) -- For OpenAI organization-scoped access")
@pytest.mark.spec(
    "OpenAI Compatible -- For any provider with an OpenAI-compatible API (e.g., local models, Venice.ai, Together AI)"
)
def test_base_url_and_organization_are_kept(form: Page, app: Flask) -> None:
    data = llm(provider_type="openai_compatible", base_url="https://api.venice.ai/api/v1/", organization_id="org-7")
    form.post("/credentials/new", data)
    ((public,),) = rows(app, "SELECT public FROM credential")
    assert "https://api.venice.ai/api/v1" in public
    assert "org-7" in public


@pytest.mark.parametrize("field", ["name", "expires", "llm-base_url", "llm-organization_id"])
def test_a_secret_in_another_field_is_refused_and_not_sent_back(form: Page, app: Flask, field: str) -> None:
    data = llm("n", provider_type="openai_compatible", base_url="https://llm.example.com/v1") | {
        field: f"https://llm.example.com/{KEY}" if field == "llm-base_url" else KEY
    }
    form.post("/credentials/new", data, status=400)  # the canaries are looked for in the answer
    assert field in errors(form)
    assert rows(app, "SELECT id FROM credential") == []


def test_a_word_that_is_also_a_short_secret_may_be_part_of_a_name(form: Page, app: Flask) -> None:
    form.post("/credentials/new", extra("tool", '{"headers": {"X-User": "deploy"}}', "deploy bot"), status=303)
    assert len(rows(app, "SELECT id FROM credential")) == 1


def test_the_provider_of_the_newest_credential_is_chosen(form: Page, store: Store) -> None:
    def chosen() -> list[str]:
        assert form.document is not None
        options = [option for option in form.document.find("option") if "selected" in option.attrs]
        return [o.attrs["value"] for o in options if (s := o.within("select")) and s.attrs["name"].endswith("_type")]

    for provider in ("anthropic", "openai"):
        store(f"A key for {provider}", provider_type=provider)
        form.get("/credentials/new")
        assert chosen() == [provider]


def test_a_provider_that_is_known_no_more_is_not_chosen(form: Page, app: Flask, store: Store) -> None:
    store()
    with app.app_context(), write_transaction(db.session):
        db.session.execute(update(Credential).values(public={"provider_type": "gone"}))
    form.get("/credentials/new")
    assert form.document is not None
    assert not [option for option in form.document.find("option") if option.attrs["value"] == "gone"]


CREATE_FORM = forms.create_form(CREDENTIAL_TYPES)
TYPED = st.lists(
    st.tuples(
        st.sampled_from([f"{kind.slug}-{field.name}" for kind in CREDENTIAL_TYPES for field in kind.fields])
        | st.sampled_from(["type", "name", "llm", "llm-", "tool-config", "llm-name"]),
        st.text(max_size=5) | st.sampled_from(["llm", "openai", " x "]),
    )
).map(MultiDict)


@pytest.mark.parametrize("kind", CREDENTIAL_TYPES)
@given(fields=TYPED)
def test_the_typed_values_are_those_that_the_form_would_have(
    kind: type[CredentialType], fields: MultiDict[str, str]
) -> None:
    with Flask(__name__).test_request_context():
        form = CREATE_FORM(fields)
        values = forms.typed_values(kind, fields)
        assert values == form.values(kind.slug)
        assert forms.typed_secrets(kind, values) == form.typed_secrets(kind)
        assert (form.name.data or "", form.type.data or "") == (fields.get("name", ""), fields.get("type", ""))
