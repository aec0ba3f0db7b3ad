"""Deleting what workflows use: they are named, and a consent to just those is required; or they are moved first."""

import re

import pytest
from flask import Flask

from credstore.vault import Vault
from tests.page import Page
from tests.web.conftest import Store, rows

JSON = {"Accept": "application/json"}


@pytest.fixture
def used(store: Store, app: Flask) -> str:
    """A credential that two workflows use."""
    public_id = store("Payments")
    with app.app_context():
        vault = vault_of(app)
        vault.put_reference(public_id, "workflow:1", "n1", label="Support <bot>", link="https://flows.example.com/1")
        vault.put_reference(public_id, "workflow:1", "n2", label="Support <bot>")
        vault.record_use(public_id, "workflow:2")
    return public_id


def vault_of(app: Flask) -> Vault:
    vault: Vault = app.extensions["credstore"].vault
    return vault


def names(app: Flask) -> list[str]:
    return [name for (name,) in rows(app, "SELECT name FROM credential ORDER BY name")]


def consent(page: Page) -> str:
    assert page.document is not None
    (box,) = page.document.find("input", name="agreed")
    assert "checked" not in box.attrs
    return str(box.attrs["value"])


def test_the_confirmation_names_the_workflows_and_only_their_consent_deletes(
    admin: Page, app: Flask, used: str
) -> None:
    admin.get(f"/credentials/{used}/delete")
    text = " ".join(admin.text.split())
    assert "2 workflows use it" in text
    assert re.search(r"Support <bot> 2 nodes, not used yet.*workflow:2 1 node, last used", text)
    assert "Delete anyway: 2 workflows will lose it" in text
    token = consent(admin)
    for sent in ({}, {"agreed": ""}, {"agreed": "1"}, {"agreed": token + "0"}):
        admin.post("/credentials/delete", {"ids": used} | sent, status=409)
        assert "Nothing was deleted." in admin.text
        assert admin.document is not None
        (box,) = admin.document.find("input", name="agreed")
        assert box.attrs["aria-invalid"] == "true"
        admin.post(f"/credentials/{used}/delete", sent, status=409)
    assert names(app) == ["Payments"]
    admin.post("/credentials/delete", {"ids": used, "agreed": token})
    assert names(app) == []


def test_a_workflow_that_came_meanwhile_is_asked_for_again(admin: Page, app: Flask, used: str) -> None:
    admin.get(f"/credentials/{used}/delete")
    token = consent(admin)
    with app.app_context():
        vault_of(app).put_reference(used, "workflow:3", label="Newcomer")
    admin.post("/credentials/delete", {"ids": used, "agreed": token}, status=409)
    assert "Other workflows use it by now." in admin.text
    assert "Newcomer" in admin.text
    admin.post("/credentials/delete", {"ids": used, "agreed": consent(admin)})
    assert names(app) == []


def test_a_batch_is_asked_for_once_and_says_which_credential_each_workflow_uses(
    admin: Page, app: Flask, store: Store, used: str
) -> None:
    free = store("Free")
    with app.app_context():
        for number in range(40):
            vault_of(app).put_reference(free, f"many:{number:02}")
    admin.get("/credentials/delete", query_string={"ids": [used, free]})
    text = " ".join(admin.text.split())
    assert "42 workflows use them" in text
    assert "Free, 1 node" in text
    assert "and 12 more" in text
    assert "Delete anyway: 42 workflows will lose them" in text
    admin.post("/credentials/delete", {"ids": f"{used} {free}"}, status=409)
    assert len(names(app)) == 2
    admin.post("/credentials/delete", {"ids": f"{used} {free}", "agreed": consent(admin)})
    assert names(app) == []


def test_a_program_gets_409_with_the_names(admin: Page, used: str) -> None:
    admin.get(f"/credentials/{used}/delete")
    for url, sent in (("/credentials/delete", {"ids": used}), (f"/credentials/{used}/delete", {})):
        answer = admin.post(url, sent, status=409, headers=JSON).get_json()
        assert (answer["code"], answer["consumers"]) == ("in-use", 2)
        assert answer["names"] == ["Support <bot>", "workflow:2"]


def test_workflows_move_to_another_credential_of_the_type_and_the_first_is_free(
    admin: Page, app: Flask, store: Store, used: str
) -> None:
    store("Other")
    admin.get(f"/credentials/{used}/delete")
    assert admin.document is not None
    assert [option.attrs["value"] for option in admin.document.find("option")] == ["Other"]
    moved = admin.post("/credentials/delete", {"ids": used, "to": " oTHER ", "then": "move"})
    assert moved.location == f"/credentials/{used}/delete"
    admin.get(moved.location)
    assert "Moved 2 workflows to Other." in admin.text
    assert "No workflow is known to use it. Workflow nodes that refer to it will fail" in admin.text
    assert "Make sure that no active workflow depends on it." in admin.text
    admin.post("/credentials/delete", {"ids": used})
    assert names(app) == ["Other"]


@pytest.mark.parametrize(
    ("to", "sentence", "sent_back"),
    [
        ("", "Enter the name of another credential.", False),
        ("nobody", "There is no credential with this name.", True),
        ("Payments", "Choose another credential than this one.", True),
        ("A bot", "Choose a credential of the same type.", True),
        ("sk-proj-CANARY0123456789abcdefABCDEF0123456789", "There is no credential with this name.", False),
    ],
)
def test_a_move_that_cannot_be_says_why_beside_its_field(
    admin: Page, app: Flask, used: str, to: str, sentence: str, sent_back: bool
) -> None:
    with app.app_context():
        vault_of(app).create("telegram", "A bot", {"bot_token": "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"})
    admin.get(f"/credentials/{used}/delete")
    admin.post("/credentials/delete", {"ids": used, "to": to, "then": "move"}, status=400)
    assert sentence in admin.text
    assert admin.document is not None
    (field,) = admin.document.find("input", name="to")
    assert field.attrs["value"] == (to if sent_back else "")
    assert rows(app, "SELECT count(*) FROM credential_reference")[0][0] == 3


def test_a_move_of_many_at_once_is_not_offered(admin: Page, store: Store, used: str) -> None:
    other = store("Other")
    admin.get("/credentials/delete", query_string={"ids": [used, other]})
    assert admin.document is not None
    assert not admin.document.find("input", name="to")
    admin.post("/credentials/delete", {"ids": f"{used} {other}", "to": "Other", "then": "move"}, status=404)
