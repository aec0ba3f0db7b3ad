"""The list says how many workflows use a credential and finds the unused ones; its page says who they are."""

import re

from flask import Flask

from credstore.vault import Vault
from tests.page import Page
from tests.web.conftest import Store


def vault_of(app: Flask) -> Vault:
    vault: Vault = app.extensions["credstore"].vault
    return vault


def shown(page: Page, column: int = 1) -> list[str]:
    assert page.document is not None
    found = page.document.find("th", scope="row") if column == 1 else page.document.column(column)
    return [cell.text for cell in found]


def test_the_list_counts_workflows_sorts_by_them_and_finds_the_unused(admin: Page, app: Flask, store: Store) -> None:
    ids = [store(name) for name in ("none", "one", "two", "unnamed")]
    with app.app_context():
        for credential, consumer in ((1, "a"), (2, "a"), (2, "b")):
            vault_of(app).put_reference(ids[credential], consumer)
        vault_of(app).record_use(ids[2], "b")
        vault_of(app).resolve(ids[3])
    admin.get("/credentials?sort=name")
    assert shown(admin) == ["none", "one", "two", "unnamed"]
    assert shown(admin, 7) == ["\u2013", "1", "2", "0"]
    assert admin.document is not None
    titles = [span.attrs["title"] for span in admin.document.find("span", title="Last used just now")]
    assert len(titles) == 2
    for sort, names in (("-used", ["two", "one", "unnamed", "none"]), ("used", ["unnamed", "one", "two", "none"])):
        admin.get(f"/credentials?sort={sort}")
        assert shown(admin) == names
    admin.get("/credentials?unused=1")
    assert shown(admin) == ["none"]
    with app.app_context():
        vault_of(app).put_reference(ids[0], "c")
    admin.get("/credentials?unused=1")
    assert shown(admin) == []
    assert "No credential is used by nobody." not in admin.text
    assert "No credential is unused." in admin.text


def test_the_page_of_a_credential_says_who_uses_it_fifty_at_a_time(admin: Page, app: Flask, store: Store) -> None:
    public_id = store()
    admin.get(f"/credentials/{public_id}")
    assert "No workflow is known to use it." in admin.text
    with app.app_context():
        references = [
            (public_id, f"node {number:02}", "Nightly <report>", "https://flows.example.com/7") for number in range(51)
        ]
        vault_of(app).replace_references("workflow:7", references)
        vault_of(app).record_use(public_id, "workflow:8", "n")
    admin.get(f"/credentials/{public_id}")
    text = " ".join(admin.text.split())
    assert "Used by 2 workflows" in text
    assert "Nightly <report> workflow:7, node 00 not used yet" in text
    assert "node 49" in text
    assert "node 50" not in text
    assert admin.document is not None
    assert {link.attrs["rel"] for link in admin.document.find("a", href="https://flows.example.com/7")} == {
        "noreferrer"
    }
    admin.get(f"/credentials/{public_id}?references=2")
    text = " ".join(admin.text.split())
    assert "node 50" in text
    assert re.search(r"workflow:8 .*seen, not registered.*last used just now", text)
    for page in ("-1", "99999999999999999999", "x"):
        admin.get(f"/credentials/{public_id}?references={page}")
