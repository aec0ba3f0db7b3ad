"""The list loads no ciphertext, decrypts nothing, and takes two statements for one row or five hundred."""

from typing import Any

import pytest
from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import select
from sqlalchemy.exc import InvalidRequestError

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
