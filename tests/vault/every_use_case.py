"""Drives every page and use case once, in each form, over tables that have many rows."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert, text

from credstore.encryption.key_usage import count_rows_by_key
from credstore.models import (
    Credential,
    DeletedCredential,
    HostOpenness,
    LoginFailure,
    LoginSession,
    ModelNames,
    TestRun,
    TestRunItem,
    VerdictHistory,
    db,
)
from credstore.search_index import has_search_index
from credstore.vault import ListFilters, Start, Vault
from tests.page import Page
from tests.vault.conftest import LLM, PUBLIC

ROWS = 4_000
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("llm", "telegram", "git", "tool")
STATUSES = ("untested", "verified", "rejected", "stale")
USERNAME, PASSWORD = "ann", "correct horse battery staple"
JSON = {"Accept": "application/json"}


def credential_row(number: int, **more: Any) -> dict[str, Any]:
    """A row of `credential`; its sealed value is rubbish."""
    name = f"row {number} {uuid.uuid5(uuid.NAMESPACE_OID, str(number)).hex}"
    return {
        "public_id": str(uuid.UUID(int=number)),
        "name": name,
        "name_key": name,
        "kind": KINDS[number % 4],
        "public": {"provider_type": "openai"},
        "secret_names": "api_key",
        "sealed": "rubbish",
        "key_id": f"{number % 3:08}",
        "fingerprint": f"{number % 5000:064}",
        "expires_at": MOMENT + timedelta(hours=number) if number % 3 == 0 else None,
        "status": STATUSES[number // 4 % 4],
    } | more


def fill_every_table(app: Flask) -> None:
    """Some thousand rows in every table that grows."""
    numbers, session = range(1, ROWS + 1), db.session
    session.execute(insert(Credential), [credential_row(n) for n in numbers])
    gone = {"batch": str(uuid.UUID(int=7)), "deleted_at": MOMENT}
    deleted = [
        credential_row(n, id=n, **gone) | {"batch": str(uuid.UUID(int=n // 3))} for n in range(ROWS + 1, ROWS + 2_001)
    ]
    session.execute(insert(DeletedCredential), deleted)
    if session.connection().dialect.name == "postgresql":
        session.execute(text("SELECT setval('credential_id_seq', 10000)"))
    else:
        session.execute(text("UPDATE sqlite_sequence SET seq = 10000 WHERE name = 'credential'"))
    history = {"version": 1, "verdict": {}, "tested_at": MOMENT}
    session.execute(insert(VerdictHistory), [history | {"public_id": str(uuid.UUID(int=n % 900))} for n in numbers])
    names = {"version": 1, "models": {"names": ["m"], "count": 1, "listed_for": "this-key"}}
    session.execute(insert(ModelNames), [names | {"public_id": str(uuid.UUID(int=n))} for n in numbers])
    facts = {"openness": "open", "learned_at": MOMENT, "key_fingerprint": "f"}
    session.execute(insert(HostOpenness), [facts | {"destination_hash": f"{n:064}"} for n in numbers])
    for run in range(10):
        values = {"id": str(uuid.UUID(int=run)), "started_at": MOMENT, "heartbeat_at": MOMENT, "ended_at": MOMENT}
        session.execute(insert(TestRun).values(**values))
        item = {"run_id": str(uuid.UUID(int=run)), "name": "n", "outcome": "verified", "reason": ""}
        items = [item | {"position": n, "public_id": str(uuid.UUID(int=n))} for n in range(600)]
        session.execute(insert(TestRunItem), items)
    session.commit()
    _fill_access(app)


def _fill_access(app: Flask) -> None:
    app.extensions["credstore"].accounts.create(USERNAME, PASSWORD)
    now = datetime.now(UTC)
    sessions = [{"token_hash": f"{n:064}", "admin_id": 1, "created_at": now, "seen_at": now} for n in range(ROWS)]
    db.session.execute(insert(LoginSession), sessions)
    failures = [{"subject": f"{n:064}", "failures": n % 3, "failed_at": now} for n in range(ROWS)]
    db.session.execute(insert(LoginFailure), failures)
    db.session.commit()


def use_lists(app: Flask) -> None:
    """The list in every form: plain, by type, status, expiry and search; numbered, and after and before a key."""
    with app.app_context():
        vault: Vault = app.extensions["credstore"].vault
        assert has_search_index(db.session.connection())
        for filters in _every_filter():
            for number in (30, 10**9) if filters.counted else ():
                vault.list_page(filters, number)
            page = vault.page(filters)
            vault.list_page(filters)
            for key in (1_500, 1_501, page.next_key):
                for forward in (True, False):
                    vault.list_page(filters, 1, Start(key, forward) if key else None)
        vault.expiring(14)
        db.session.rollback()


def _every_filter() -> list[ListFilters]:
    return [
        ListFilters.clean(query=query, kind=kind, status=status, sort=sort, expiring=expiring)
        for query in ("", "row 17", "ro", "row")
        for kind in ("", "telegram")
        for status in ("", "rejected")
        for sort, expiring in (("", None), ("expires", None), ("", 30))
    ]


def use_commands(app: Flask) -> None:
    """Every command of the vault, and what programs use."""
    with app.app_context():
        vault: Vault = app.extensions["credstore"].vault
        one, two, three = (vault.create("llm", f"mine {number}", LLM) for number in range(3))
        vault.names_with_same_secret(one.public_id)
        vault.edit(one.public_id, version=1, name="renamed", values=PUBLIC)
        vault.edit(two.public_id, version=1, name="mine 1", values=LLM | {"organization": ""})
        for _ in range(21):
            vault.test(one.public_id)
        vault.test_draft("llm", LLM)
        vault.test_draft("llm", PUBLIC, public_id=one.public_id)
        vault.history(one.public_id)
        vault.model_names(vault.get(one.public_id))
        vault.try_completion(one.public_id, "m")
        vault.resolve(one.public_id)
        vault.summaries([one.public_id, two.public_id])
        for ids in ([one.public_id], [two.public_id, three.public_id, *(str(uuid.UUID(int=n)) for n in range(500))]):
            batch = vault.delete(ids).batch
            if len(ids) == 1:
                vault.create("llm", "renamed", LLM)
            vault.restore(batch)
        for ids in ([two.public_id, three.public_id], None):
            run_id = vault.start_run(ids)
            position, public_id = vault.untested_items(run_id)[0]
            vault.test_item(run_id, position, public_id, lambda: None)
            vault.progress(run_id)
            vault.cancel_run(run_id)
            vault.end_run(run_id)
            vault.latest_run()
        vault.delete([three.public_id])
        vault.store.keep_deleted_days = 0
        vault.delete([two.public_id])
        vault.purge_deleted()
        count_rows_by_key()
        db.session.rollback()


def use_pages(app: Flask) -> None:
    """Every page over HTTP: signed out, signing in and out, and what a signed-in person opens and sends."""
    page = Page(app.test_client())
    page.get("/healthz")
    page.get("/readyz")
    page.get("/login")
    page.post("/login", {"username": USERNAME, "password": "wrong"}, status=None)
    page.sign_in(USERNAME, PASSWORD)
    for query in (
        "",
        "?page=2",
        "?type=git",
        "?q=row",
        "?status=rejected",
        "?expiring=30",
        "?sort=expires",
        "?after=9",
    ):
        page.get(f"/credentials{query}")
        page.get(f"/credentials{query}", headers=JSON)
    _create_and_delete(page)
    for url in ("/credentials/test?q=17", "/credentials/test?ids=" + str(uuid.UUID(int=4))):
        page.get(url)
    page.get("/credentials")
    page.post("/logout", status=None)


def _create_and_delete(page: Page) -> None:
    secret = {f"llm-{field}": value for field, value in LLM.items()}
    page.get("/credentials/new")
    draft = {"type": "llm", "name": "by form"} | secret
    page.post("/credentials/detect-paste", draft, status=200)
    page.post("/credentials/new", draft | {"then": "test_draft"}, status=200)
    stored = page.post("/credentials/new", draft, status=201, headers=JSON).get_json()["id"]
    for url in ("", "/edit", "/delete"):
        page.get(f"/credentials/{stored}{url}")
    page.get(f"/credentials/{stored}/edit")
    page.post(f"/credentials/{stored}/edit", secret | {"name": "by form 2", "version": "1"})
    page.get("/credentials")
    page.post(f"/credentials/{stored}/test", status=200, headers=JSON)
    page.get(f"/credentials/delete?ids={stored}")
    batch = page.post("/credentials/delete", {"ids": stored}, status=200, headers=JSON).get_json()["batch"]
    page.get("/credentials")
    page.post("/credentials/restore", {"batch": batch}, status=None)
