"""Drives every page and use case once, in each form, over tables that have many rows."""

import itertools
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from flask import Flask
from sqlalchemy import insert, select, text, update

from credstore.audit import Act, AuditLog
from credstore.audit.chain import NOTHING, hash_of
from credstore.audit.retention import remove_old
from credstore.audit_model import AuditEntry, AuditHead, AuditItem
from credstore.database import write_transaction
from credstore.encryption.key_usage import count_rows_by_key, use_of_missing_keys
from credstore.encryption.keyring import Keyring, generate_key, key_id
from credstore.errors import CursorExpired, NotSent
from credstore.importing.candidate import Candidate
from credstore.models import (
    Credential,
    DeletedCredential,
    HostOpenness,
    LoginFailure,
    LoginSession,
    ModelNames,
    VerdictHistory,
    db,
)
from credstore.notice_models import Notice, NoticeDelivery, WatchedCredential
from credstore.notices.changes import TESTED_COLUMNS, note_result
from credstore.notices.deliveries import waiting
from credstore.notices.notifier import Notifier
from credstore.probe import Outcome
from credstore.reference_models import CredentialChange, CredentialReference
from credstore.run_models import TestRun, TestRunCount, TestRunItem
from credstore.search_index import has_search_index
from credstore.vault import Group, ItemKey, ListFilters, Start, Vault
from credstore.vault.change_positions import purge_changes
from credstore.vault.encryption_keys import Keys
from credstore.vault.forgotten_uses import forget_seen_uses
from credstore.vault.import_items import POLICIES
from credstore.vault.list_filters import Sort
from credstore.vault.store import CredentialStore
from credstore.watch.lease import hold
from credstore.watch.schedule import Schedule
from tests.page import Page
from tests.vault.conftest import LLM, PUBLIC
from tests.vault.run_items import untested_items

ROWS = 4_000
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("llm", "telegram", "git", "tool")
STATUSES = ("untested", "verified", "rejected", "stale")
FEW = ("row 17", "ro")  # searches that find some hundred at the most, the second by the beginnings of names
USERNAME, PASSWORD = "ann", "correct horse battery staple"
JSON = {"Accept": "application/json"}
# For `insert` of many rows of which some have no value for a column: else one statement is sent for each of them.
IN_ONE = {"render_nulls": True}


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
        "detail": f"openai_compatible\nhttps://{number % 7}.example.com/v1" if number % 5 else None,
    } | more


def fill_every_table(app: Flask) -> None:
    """Some thousand rows in every table that grows."""
    numbers, session = range(1, ROWS + 1), db.session
    session.execute(insert(Credential), [credential_row(n) for n in numbers], execution_options=IN_ONE)
    gone = {"batch": str(uuid.UUID(int=7)), "deleted_at": datetime.now(UTC)}  # so lately that they can be restored
    deleted = [
        credential_row(n, id=n, **gone) | {"batch": str(uuid.UUID(int=n // 3))} for n in range(ROWS + 1, ROWS + 2_001)
    ]
    session.execute(insert(DeletedCredential), deleted, execution_options=IN_ONE)
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
    use = {"consumer": "c", "registered": False, "last_used_at": MOMENT}
    references = [
        use | {"public_id": str(uuid.UUID(int=90_000 + n % 900)), "node": f"{n}", "consumer": f"{n}"} for n in numbers
    ]
    session.execute(insert(CredentialReference), references)
    changes = {"action": "edited", "public_id": "x", "changed_at": MOMENT}
    session.execute(insert(CredentialChange), [changes | {"position": n} for n in numbers])
    for run in range(10):
        values = {"id": str(uuid.UUID(int=run)), "started_at": MOMENT, "heartbeat_at": MOMENT, "ended_at": MOMENT}
        session.execute(insert(TestRun).values(**values))
        item = {"run_id": str(uuid.UUID(int=run)), "name": "n", "outcome": "verified", "reason": ""}
        items = [item | {"position": n, "public_id": str(uuid.UUID(int=n)), "rank": n % 4} for n in range(600)]
        session.execute(insert(TestRunItem), items)
        session.execute(insert(TestRunCount).values(run_id=str(uuid.UUID(int=run)), outcome="verified", total=600))
    session.commit()
    _fill_notices(numbers)
    _fill_audit()  # first of what has entries: only the oldest ones are removed
    _fill_access(app)


def _fill_audit() -> None:
    """Half of the entries are older than they are kept."""
    now, before, rows = datetime.now(UTC), NOTHING, list[dict[str, Any]]()
    for n in range(2, ROWS + 2):
        old = timedelta(days=400) if n <= ROWS // 2 + 1 else timedelta(0)
        row = {"seq": n, "at": now - old, "actor": f"user {n % 50}", "act": list(Act)[n % 20], "kind": "llm"}
        row |= {"credential_id": str(uuid.UUID(int=n % 900)), "result": "", "address": "", "count": 1, "items": ""}
        rows.append(row)
    with write_transaction(db.session):
        head = db.session.execute(select(AuditHead.seq, AuditHead.hash).where(AuditHead.id == 1)).one()
        for number, row in enumerate(rows, head.seq + 1):
            row["seq"] = number
            before = row["hash"] = hash_of(row, before if number > head.seq + 1 else head.hash)
        db.session.execute(insert(AuditEntry), rows)
        items = [{"public_id": str(uuid.UUID(int=n)), "seq": n} for n in range(1, ROWS)]
        db.session.execute(insert(AuditItem), items)


def _fill_notices(numbers: range) -> None:
    told = {"outcome": "rejected", "red_since": MOMENT}
    rows = [told | {"public_id": str(uuid.UUID(int=n))} for n in numbers]
    db.session.execute(insert(WatchedCredential), rows)
    change = {"event": "failed", "name": "n", "kind": "llm", "happened_at": MOMENT}
    db.session.execute(insert(Notice), [change | {"public_id": str(uuid.UUID(int=n))} for n in numbers])
    db.session.commit()


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
            vault.page(filters)
            for number in (30, 10**9) if filters.counted else ():
                vault.list_page(filters, number)
            if filters.query in FEW:  # all on one page, whatever key is given
                vault.list_page(filters)
            elif not filters.counted:  # one of two neighbours matches the type, and the other does not
                for key, forward in itertools.product((1_500, 1_501), (True, False)):
                    vault.list_page(filters, 1, Start(key, forward))
            with suppress(CursorExpired):  # where that row does not match, no page follows it
                vault.list_by_key(filters, after=1_500)
        vault.expiring(14)
        _use_deleted_pages(vault)
        db.session.rollback()


def _use_deleted_pages(vault: Vault) -> None:
    """The deleted credentials in every form: plain and by search; numbered, and after and before a key."""
    for query in ("", "row 417", "ro", "row"):
        page = vault.deleted.page(query)
        vault.deleted.page(query, 10**9)
        for key in (ROWS + 1_000, page.next_key):
            for forward in (True, False):
                vault.deleted.page(query, 1, Start(key, forward) if key else None)
    assert len(list(vault.deleted.every())) == 2_000


def _every_filter() -> list[ListFilters]:
    """Every search and filter in the first orders, and every order with and without them."""
    first = [("", None), ("expires", None), ("", 30)]
    others = [*((sort, None) for sort in get_args(Sort)), ("created", 30), ("-name", 30)]
    every = itertools.product(("", *FEW, "row"), ("", "telegram"), ("", "rejected"), first)
    some = [("", "", ""), ("", "telegram", ""), ("", "", "rejected"), ("row", "telegram", "rejected")]
    unused = [
        ListFilters.clean(unused=True, query=query, kind=kind, sort=sort)
        for query, kind, (sort, _) in itertools.product(("", "row"), ("", "telegram"), [*others, ("", None)])
    ]
    filtered = [
        ListFilters.clean(query=query, kind=kind, status=status, sort=sort, expiring=expiring)
        for query, kind, status, (sort, expiring) in (
            *every,
            *((*filters, order) for filters in some for order in others),
        )
    ]
    return list(dict.fromkeys([*unused, *filtered]))


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
        vault.resolve("renamed", consumer="workflow:1", node="a")
        vault.summaries([one.public_id, two.public_id])
        _use_references(vault, one.public_id, two.public_id)
        for ids in ([one.public_id], [two.public_id, three.public_id, *(str(uuid.UUID(int=n)) for n in range(500))]):
            batch = vault.delete(ids, force=True).batch
            if len(ids) == 1:
                vault.create("llm", "renamed", LLM)
            vault.restore(batch)
        _restore_and_erase(vault, [one.public_id, two.public_id])
        for ids in ([two.public_id, three.public_id], None):
            run_id = vault.start_run(ids)
            position, public_id = untested_items(run_id)[0]
            vault.claim_item(run_id)
            vault.renew_claims(run_id, [position])
            vault.test_item(run_id, position, public_id, lambda: None)
            _use_claims(vault, run_id)
            vault.progress(run_id)
            read_run(vault, run_id)
            read_run(vault, str(uuid.UUID(int=3)))
            vault.cancel_run(run_id)
            vault.end_run(run_id)
            vault.latest_run()
        vault.delete([three.public_id], force=True)
        vault.store.keep_deleted_days = 0
        vault.delete([two.public_id], force=True)
        vault.purge_deleted()
        count_rows_by_key()
        _use_notices(vault)
        _use_audit()
        _use_moving(vault)
        _use_keys(app)
        db.session.rollback()


def _use_references(vault: Vault, one: str, two: str) -> None:
    for consumer in ("w1", "w2"):
        vault.put_reference(one, consumer, "n")
    vault.replace_references("w1", [(one, "m", "", ""), (two, "m", "", "")])
    vault.record_use(one, "seen")
    vault.record_use(one, "seen")
    vault.references_of(one, 2)
    vault.references_of_consumer("w1")
    vault.dependents([one, two])
    vault.move_targets(one)
    vault.move_references_to(one, vault.get(two).name)
    for consumer, node in (("w1", "m"), ("w2", "n"), ("seen", "")):
        vault.remove_reference(two, consumer, node)
    cursor = vault.newest_cursor()
    vault.changes(cursor - 5, 10)
    forget_seen_uses(db.session)
    purge_changes(db.session)


def _restore_and_erase(vault: Vault, ids: list[str]) -> None:
    vault.delete(ids, "ann", force=True)
    taken = vault.create("llm", "mine 1", LLM).public_id
    gone = [str(uuid.UUID(int=ROWS + number)) for number in range(1, 300)]
    assert set(vault.deleted.restore([*ids, *gone]).refused) == {ids[1]}
    vault.deleted.records(ids)
    (free,) = vault.deleted.new_names(["mine 1"])
    assert len(vault.deleted.restore([*ids, *gone], {ids[1]: free}).names) == 301
    vault.delete([taken])
    assert vault.deleted.erase([taken, *ids]) == 1


def read_run(vault: Vault, run_id: str) -> None:
    """A run in every form: all and one group, from the beginning, and after and before an item."""
    vault.run(run_id)
    vault.runs()
    vault.runs(2)
    for group in (None, Group.UNTESTED):
        vault.run_page(run_id, group)
        for forward in (True, False):
            vault.run_page(run_id, group, ItemKey(Group.UNTESTED, 9, forward))
    vault.run_ids_in(run_id, [Group.FAILED])


class Receiver:
    """A channel that takes nothing, or everything."""

    name = "mail"
    takes = False

    def send(self, message: Mapping[str, Any]) -> None:
        if not self.takes:
            raise NotSent("No.")


def _use_notices(vault: Vault) -> None:
    """Changes noted by a test and by a near end, messages that are taken or not, and the lease of the schedule."""
    now, receiver = datetime.now(UTC), Receiver()
    row = db.session.execute(select(*TESTED_COLUMNS).limit(1)).one()
    for outcome in (Outcome.REJECTED, Outcome.VERIFIED):
        with write_transaction(db.session):
            note_result(db.session, row, outcome, "", now)
    with write_transaction(db.session):
        ends = {"expires_at": now + timedelta(days=3)}
        db.session.execute(update(Credential).where(Credential.public_id == row.public_id).values(**ends))
    notifier = Notifier(db.session, [receiver], expiry_days=14)
    notifier.note_expiring()
    assert notifier.deliver(wait_for_more=True), "the oldest has waited for long"
    receiver.takes = True
    db.session.execute(update(NoticeDelivery).values(next_at=now))
    db.session.commit()
    assert notifier.deliver() == []
    waiting(db.session)
    assert hold(db.session, "a", now)
    Schedule(db.session, vault, timedelta(days=1)).next_run(now)


def _use_moving(vault: Vault) -> None:
    """An import in each way of treating names that are taken, and an export. Most rows hold rubbish."""
    values = [LLM, LLM | {"api_key": "another"}]
    for policy in POLICIES:
        found = [Candidate(origin="", name="imported", kind="llm", values=one) for one in values]
        vault.new_import(policy).run(found, dry_run=policy == "skip", tell=lambda _item: None)
    export = vault.new_export()
    assert len(list(export.lines())) == export.exported > 0


def _use_audit() -> None:
    """The log proven and exported, and its oldest entries removed."""
    log = AuditLog(db.session)
    assert not log.verify().wrong_at
    assert len(list(log.export())) > ROWS
    assert remove_old(db.session, timedelta(days=365)) >= ROWS // 2


def _use_keys(app: Flask) -> None:
    """A change of the key. Most rows hold rubbish, under keys that nobody has."""
    old: str = app.extensions["credstore"].config.field_encryption_key
    keys = Keys(CredentialStore(db.session, Keyring(f"{generate_key()},{old}")))
    list(keys.rotation(processes=0).run())
    list(keys.opening(processes=0).run())
    use_of_missing_keys(db.session, Keyring(old))
    keys.last_rotation()
    keys.retire(key_id(old))


def _use_claims(vault: Vault, run_id: str) -> None:
    """Claims in a run that nothing is left of, and taking it over from a silent process."""
    db.session.execute(
        text("UPDATE test_run_item SET leased_until = '2099-01-01' WHERE run_id = :run"), {"run": run_id}
    )
    db.session.commit()
    assert vault.claim_item(run_id).item is None
    db.session.execute(update(TestRun).values(heartbeat_at=datetime.now(UTC) - timedelta(minutes=1)))
    db.session.commit()
    assert vault.take_over_run() == run_id


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
    page.get("/keys")
    page.get("/settings")
    for query in (
        "",
        "?act=create",
        "?actor=ann",
        "?act=create&actor=user+3",
        "?credential=row+17",
        "?since=2026-01-01&until=2026-02-01",
    ):
        for key in ("", "&before=900", "&after=900"):
            page.get(f"/audit{query or '?'}{key}")
    page.get(f"/audit?credential={uuid.UUID(int=7)}&after=5")
    _create_and_delete(page)
    run = f"/credentials/runs/{uuid.UUID(int=3)}"
    for url in ("/credentials/test?q=17", f"/credentials/test?ids={uuid.UUID(int=4)}", "/runs", run):
        page.get(url)
    page.client.get(f"{run}/banner", headers={"X-Credstore": "fragment"})
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
