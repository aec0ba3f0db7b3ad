"""The list loads no ciphertext, decrypts nothing, and takes one statement for one row or five hundred."""

import itertools
from typing import Any

import pytest
from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import select, text
from sqlalchemy.exc import InvalidRequestError

from credstore.block_counts import BLOCK_SIZE
from credstore.encryption.keyring import Keyring
from credstore.models import Credential, db
from credstore.vault import ListFilters, Vault, list_sql
from tests.vault.conftest import fill, llm, sql, statements


def test_a_page_loads_no_ciphertext_and_decrypts_nothing(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    llm(vault)

    def never(*args: object, **how: object) -> None:
        raise AssertionError("a listing decrypted")

    for owner, name in ((Keyring, "unseal"), (Fernet, "decrypt"), (MultiFernet, "decrypt")):
        monkeypatch.setattr(owner, name, never)
    with statements() as seen:
        page = vault.page(ListFilters(query="LLM", kind="llm"))
    assert len(page.records) == 1
    assert not [statement for statement in seen if "sealed" in statement]
    vault.get(page.records[0].public_id)


def test_a_row_cannot_reach_its_ciphertext_by_accident(vault: Vault) -> None:
    llm(vault)
    row = db.session.scalars(select(Credential)).one()
    with pytest.raises(InvalidRequestError, match="raiseload"):
        assert row.sealed


@pytest.mark.parametrize("number", [0, 1, 50, 500])
def test_a_page_is_a_few_statements_whatever_the_size(vault: Vault, number: int) -> None:
    fill(number)
    for how, most in (({}, 1), ({"query": "row"}, 4), ({"kind": "llm"}, 1)):
        with statements() as seen:
            page = vault.list_page(ListFilters.clean(**how))  # type: ignore[arg-type]
        assert len([statement for statement in seen if statement not in {"BEGIN", "COMMIT"}]) <= most, seen
        assert len(page.records) == min(number, 50)


def test_numbered_pages_hold_each_row_once_and_in_order(vault: Vault) -> None:
    """With ids on both sides of the ends of blocks, some of which have no row left."""
    fill(260)
    sql(f"UPDATE credential SET id = id + {BLOCK_SIZE - 130}")
    sql(f"UPDATE credential SET id = id + {3 * BLOCK_SIZE} WHERE id % 3 = 0")
    sql("UPDATE credential SET kind = 'git' WHERE id % 2 = 0")
    sql("DELETE FROM credential WHERE id % 7 = 0")
    for kind, order in itertools.product(("", "llm", "git", "tool"), ("", "created")):
        asked = text("SELECT name FROM credential WHERE kind = :kind OR :kind = '' ORDER BY id DESC")
        newest_first = [name for (name,) in db.session.execute(asked, {"kind": kind})]
        expected = newest_first[::-1] if order else newest_first
        pages = [expected[start : start + 50] for start in range(0, len(expected), 50)] or [[]]
        for number in range(-1, len(pages) + 3):
            page = vault.list_page(ListFilters.clean(kind=kind, sort=order), number)
            shown = min(max(number, 1), len(pages))
            assert [record.name for record in page.records] == pages[shown - 1], (kind, order, number)
            assert (page.pagination.page, page.pagination.total) == (shown, len(expected))


@pytest.mark.parametrize("order", ["", "created"])
def test_a_page_fits_its_counts_though_rows_go_while_it_is_read(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    fill(160)
    real, reads = list_sql.read_page, [0]

    def meanwhile(*what: Any) -> Any:
        reads[0] += 1
        if reads[0] == 2:
            sql("DELETE FROM credential WHERE name_key LIKE 'row 1__'")
        return real(*what)

    monkeypatch.setattr(list_sql, "read_page", meanwhile)
    page = vault.list_page(ListFilters.clean(sort=order), 9)
    assert (page.pagination.page, page.pagination.total, sum(page.counts.values())) == (2, 100, 100)
    assert len(page.records) == 50
    assert page.records[0].name == ("row 50" if order else "row 49")


def test_a_row_that_goes_while_a_page_by_key_is_read_does_not_end_the_list(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [llm(vault, f"row {number}").public_id for number in range(5)]
    real = list_sql.read_rows

    def meanwhile(*what: Any) -> Any:
        sql("DELETE FROM credential WHERE public_id = :id", id=ids[4])
        return real(*what)

    monkeypatch.setattr(list_sql, "read_rows", meanwhile)
    page = vault.list_by_key(ListFilters.clean(query="row"), limit=3)
    assert [record.name for record in page.records] == ["row 3", "row 2"]
    monkeypatch.undo()
    rest = vault.list_by_key(ListFilters.clean(query="row"), after=page.next_key or 0, limit=3)
    assert [record.name for record in rest.records] == ["row 1", "row 0"]
    assert rest.next_key is None
