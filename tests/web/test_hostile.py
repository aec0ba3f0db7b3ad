"""Names that are markup, and any text in any field: never a crash, never run, never a secret back."""

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.page import Page
from tests.web.conftest import JSON, TOKEN, Store, llm

NAMES = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><script>alert(1)</script>",
    "{{ 7*7 }}{% raw %}",
    "&lt;b&gt;",
    "javascript:alert(1)",
    "</textarea><script>alert(1)</script>",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_text_wherever_it_stands(admin: Page, name: str) -> None:
    """The page client's lint fails on inline scripts and handlers, however they came to be."""
    admin.get("/credentials/new")
    admin.post("/credentials/new", llm(name, api_key=""), status=400)
    assert admin.document is not None
    assert admin.document.find("input", name="name")[0].attrs["value"] == name
    made = admin.post("/credentials/new", llm(name), status=201, headers=JSON)
    assert made.json is not None
    assert made.json["name"] == name
    row = made.json["id"]
    for url in ("/credentials", f"/credentials/{row}", f"/credentials/{row}/edit", f"/credentials/{row}/delete"):
        admin.get(url)
        assert name in " ".join(
            element.text for element in admin.document.elements if element.tag == "body"
        ) or name in [value for element in admin.document.elements for value in element.attrs.values()]
        scripts = {script.attrs["src"].partition("?")[0] for script in admin.document.find("script")}
        ours = ("credstore", "copy_buttons", "guided_fields", "paste_detection", "unsaved_input", "field_errors")
        assert scripts <= {f"/credentials/static/{script}.js" for script in ours}
        assert not [script.text for script in admin.document.find("script") if script.text.strip()]
        images = [image.attrs["src"].partition("?")[0] for image in admin.document.find("img")]
        assert images == ["/credentials/static/icon.svg"]
    admin.get("/credentials")
    labels = [admin.document.label(element) for element in admin.document.elements]
    assert f"Test {name}" in labels
    assert f"Delete {name}" in labels
    admin.get(f"/credentials/{row}")
    titles = [title for title in admin.document.find("title") if title.within("svg") is None]
    assert titles[0].text == f"{name} · credstore"
    admin.post(f"/credentials/{row}/delete")
    admin.get("/credentials", query_string={"q": name})
    assert len(admin.document.find("script")) == 1


TEXT = st.one_of(
    st.text(max_size=60),
    st.text(st.characters(exclude_categories=()), max_size=30),
    st.sampled_from(["\0", "{", "[" * 2000, '{"a":1e999}', "https://[", "http://[::1", "﷽" * 300, "0" * 5000, "…"]),
    st.sampled_from(
        [TOKEN, "openai", "anthropic", "openai_compatible", "https://x.example/v1", '{"url": "https://x"}']
    ),
)
FIELDS = (
    "name", "llm-provider_type", "llm-api_key", "llm-base_url", "llm-organization_id", "telegram-bot_token",
    "git-extra_config", "git-extra_config_url", "git-extra_config_username", "git-extra_config_token",
    "tool-extra_config", "tool-extra_config_url", "tool-extra_config_header_name", "tool-extra_config_header_value",
    "insert_example", "remove", "version", "typed", "csrf_token2", "type",
)  # fmt: skip
FORM = st.dictionaries(st.sampled_from(FIELDS), TEXT)
SECRETS = (
    "llm-api_key", "telegram-bot_token", "git-extra_config", "tool-extra_config", "git-extra_config_token",
    "tool-extra_config_header_value",
)  # fmt: skip
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def at_the_form(admin: Page) -> Page:
    admin.get("/credentials/new")
    return admin


@pytest.fixture
def token(at_the_form: Page) -> str:
    """Good for every form of the session."""
    assert at_the_form.document is not None
    return at_the_form.document.find("input", name="csrf_token")[0].attrs["value"]


def sendable(text: str) -> str:
    """What a browser makes of half a surrogate pair."""
    return text.encode("utf-8", "replace").decode()


def _planted(form: dict[str, str], number: int) -> tuple[dict[str, str], str]:
    """The form with a canary at the end of each of its secret fields."""
    canary = f"canary{number:012x}"
    filled = {name: sendable(text) + (canary if name in SECRETS else "") for name, text in form.items()}
    return filled, canary


@FUZZ
@given(form=FORM, kind=st.sampled_from(["llm", "telegram", "git", "tool"]), number=st.integers(1, 2**40))
def test_any_text_in_the_create_form(
    at_the_form: Page, token: str, form: dict[str, str], kind: str, number: int
) -> None:
    filled, canary = _planted({"type": kind} | form, number)
    at_the_form.canaries = {canary}
    answer = at_the_form.post("/credentials/new", filled | {"csrf_token": token}, status=None)
    assert answer.status_code in {200, 303, 400}
    assert "This form is no longer valid" not in at_the_form.text
    if answer.status_code == 303:  # what it says of the new credential
        at_the_form.get(answer.location)


@FUZZ
@given(form=FORM, number=st.integers(1, 2**40))
def test_any_text_in_the_edit_form(
    at_the_form: Page, token: str, store: Store, app: Flask, form: dict[str, str], number: int
) -> None:
    row = app.config.get("row") or store()
    app.config["row"] = row
    now = at_the_form.client.get(f"/credentials/{row}", headers=JSON).json
    filled, canary = _planted({"version": str(now["version"])} | form, number)
    at_the_form.canaries = {canary}
    answer = at_the_form.post(f"/credentials/{row}/edit", filled | {"csrf_token": token}, status=None)
    assert answer.status_code in {303, 400, 409}
    assert "This form is no longer valid" not in at_the_form.text
    if answer.status_code == 303:
        at_the_form.get(answer.location)
