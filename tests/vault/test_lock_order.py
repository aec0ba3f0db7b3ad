"""Writers of every kind at once: each waits for the others, and none is ended because two wait for each other."""

from collections.abc import Callable
from itertools import count

from sqlalchemy import text

from credstore.block_counts import count_differences
from credstore.models import db
from credstore.status_counts import status_count_differences
from credstore.vault import Vault
from tests.vault.conftest import Together, llm

TIMES = 25


def test_creates_deletions_edits_and_restores_do_not_deadlock(vault: Vault, together: Together) -> None:
    numbers = count()
    old = [llm(vault, f"old {n}") for n in range(4 * TIMES)]

    def create() -> None:
        for _ in range(TIMES):
            llm(vault, f"new {next(numbers)}")

    def delete(start: int) -> Callable[[], None]:
        def run() -> None:
            for record in old[start::4]:
                vault.restore(vault.delete([record.public_id]).batch)
                vault.delete([record.public_id])

        return run

    results = together(create, create, create, *(delete(start) for start in range(4)))
    assert results == [None] * 7
    connection = db.session.connection()
    assert not count_differences(connection)
    assert not status_count_differences(connection)
    assert connection.scalar(text("SELECT sum(total) FROM credential_count")) == 3 * TIMES
