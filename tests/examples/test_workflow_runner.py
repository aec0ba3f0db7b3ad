"""The nodes of the example: they work with their credentials, before and after a person moves or deletes those."""

import re

import pytest
from playwright.sync_api import Page, expect

from credstore.audit import AuditFilters
from credstore.encryption.keyring import generate_key
from tests.examples.conftest import BOT, KEYS, ExampleServer, Host, SignedIn
from tests.fixtures.browsing import Watch
from tests.fixtures.serving import REPO

pytestmark = pytest.mark.browser

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])


def press(tab: Page, name: str) -> None:
    """Go to a button or link of this name with the Tab key alone, and press it."""
    for _ in range(80):
        tab.keyboard.press("Tab")
        if tab.evaluate("(document.activeElement.innerText || '').trim()") == name:
            return tab.keyboard.press("Enter")
    raise AssertionError(f"Tab does not reach {name!r}")


def make_workflow(tab: Page, name: str, model: str, bot: str) -> None:
    """By the form of the example, as a person does."""
    tab.get_by_label("Name of a new workflow").fill(name)
    tab.keyboard.press("Enter")
    tab.locator("#ask-credential").select_option(label=model)
    tab.locator("#ask-text").fill("What is the answer?")
    tab.locator("#send-credential").select_option(label=bot)
    tab.locator("#send-text").fill("@operators")
    press(tab, "Save")
    expect(tab.get_by_role("status")).to_have_text("Saved.")


def results(tab: Page) -> list[str]:
    """What the nodes say after a run."""
    press(tab, "Run")
    expect(tab.locator(".result")).to_have_count(2)
    return [" ".join(text.split()) for text in tab.locator(".result").all_inner_texts()]


@SCRIPTS
def test_a_used_credential_is_not_deleted_and_its_nodes_follow_a_move(
    host: Host, signed_in: SignedIn, watch: Watch, scripts: bool
) -> None:
    old, new, bot = (f"{each} {scripts}" for each in ("Old key", "New key", "Support bot"))
    stored = host.model(old)
    host.model(new, KEYS[1])
    host.bot(bot)
    watch.allow_status(409)  # the refusal
    tab = signed_in(java_script_enabled=scripts)
    workflow = f"Daily summary {scripts}"
    make_workflow(tab, workflow, old, bot)
    place = tab.url
    assert results(tab) == ["Done: Forty-two", "Done: Sent to @operators."]
    assert host.keys_that_came()[-2:] == [KEYS[0], f"/bot{BOT}/sendMessage"]

    tab.goto(f"{host.server.credentials}/{stored.public_id}/delete")
    expect(tab.get_by_role("link", name=workflow)).to_have_attribute("href", place)
    press(tab, "Delete credential")
    expect(tab.locator("#credstore .wrong")).to_be_visible()
    with host.vault() as vault:
        assert vault.get(stored.public_id).name == old

    tab.get_by_label("Move it to another LLM credential").focus()
    tab.keyboard.type(new)
    press(tab, "Move")
    expect(tab.locator(".message").first).to_contain_text(new)
    tab.goto(place)
    expect(tab.locator("#ask-credential option:checked")).to_have_text(new)
    assert results(tab)[0] == "Done: Forty-two"
    assert host.keys_that_came()[-2] == KEYS[1]
    with host.vault() as vault:
        assert vault.references_of_consumer(f"workflow:{place.rpartition('/')[2]}")[0].public_id != stored.public_id


def test_a_node_names_its_credential_when_that_is_missing(host: Host, signed_in: SignedIn) -> None:
    stored = host.model("Lost key")
    host.bot("Bot of the lost")
    tab = signed_in()
    make_workflow(tab, "Broken soon", "Lost key", "Bot of the lost")
    place = tab.url
    tab.goto(f"{host.server.credentials}/{stored.public_id}/delete")
    tab.get_by_role("checkbox").check()
    press(tab, "Delete credential")
    expect(tab.locator(".message").first).to_contain_text("Deleted “Lost key”")
    with host.vault():
        audit = host.app.extensions["credstore"].audit
        (deletion,) = audit.page(AuditFilters(act="delete", credentials=(stored.public_id,))).entries
    assert deletion.actor == "ann"  # the host names its user
    tab.goto(place)
    assert results(tab) == [
        "Error: The credential “Lost key” is not there any more. Choose another one.",
        "Skipped: There was nothing to send.",
    ]


def test_a_node_names_its_credential_when_its_key_is_wrong(host: Host, signed_in: SignedIn) -> None:
    host.model("Sealed key")
    host.bot("Sealed bot")
    tab = signed_in()
    make_workflow(tab, "Other key", "Sealed key", "Sealed bot")
    path = tab.url.removeprefix(host.server.url)
    other = {"FIELD_ENCRYPTION_KEY": generate_key(), "WEB_CONCURRENCY": "1"}
    wrong = ExampleServer(host.server.home, env=dict(host.server.env) | other)
    try:
        wrong.run_example()  # with the same database, and the same sessions
        tab.goto(wrong.url + path)
        found = results(tab)
    finally:
        wrong.stop()
    for text, name in zip(found, ("Sealed key", "Sealed bot"), strict=True):
        assert re.match(f"Error: The credential “{name}” cannot be used. ", text), text


def test_the_readme_starts_the_example_as_the_tests_do(host: Host) -> None:
    readme = (REPO / "examples" / "workflow_runner" / "README.md").read_text()
    assert "    .venv/bin/python -m examples.workflow_runner\n" in readme
    assert "Sign in as ann with the password" in host.server.log()


@pytest.mark.parametrize(("path", "words"), [("/refuses", "(status 401)"), ("/odd", "no usable answer")])
def test_a_node_says_what_went_wrong_and_shows_no_secret(
    host: Host, signed_in: SignedIn, path: str, words: str
) -> None:
    host.services.expect_request("/refuses/chat/completions").respond_with_data(f"bad key {KEYS[0]}", status=401)
    host.services.expect_request("/odd/chat/completions").respond_with_data(KEYS[0])
    name = f"Key for {path}"
    values = {"provider_type": "openai_compatible", "api_key": KEYS[0], "base_url": host.services.url_for(path)}
    with host.vault() as vault:
        vault.create("llm", name, values)
    host.bot(f"Bot for {path}")
    tab = signed_in()
    make_workflow(tab, f"With {path}", name, f"Bot for {path}")
    found = results(tab)[0]
    assert name in found
    assert words in found
    assert not {KEYS[0], BOT} & set(re.split(r"[\s<>\"]", tab.content()))
    assert KEYS[0] not in host.server.log()
