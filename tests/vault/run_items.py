"""What the tests ask of the items of a run."""

from sqlalchemy import select

from credstore.models import db
from credstore.run_models import TestRunItem


def untested_items(run_id: str) -> list[tuple[int, str]]:
    """(position, credential) of what a run has not tested."""
    rows = db.session.execute(
        select(TestRunItem.position, TestRunItem.public_id)
        .where(TestRunItem.run_id == run_id, TestRunItem.outcome == "")
        .order_by(TestRunItem.position)
    )
    return [(position, public_id) for position, public_id in rows]
