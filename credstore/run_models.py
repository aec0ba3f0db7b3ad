"""The tables of runs of many tests."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from credstore.models import Model


class TestRun(Model):
    """A run of several tests. `heartbeat_at` is renewed while a process works on it; when it is old, it stopped.

    `scope` says in words what is tested; `total` is how many credentials.
    """

    __tablename__ = "test_run"
    __test__ = False  # a table, not a test class, whatever its name

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(index=True)
    heartbeat_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    cancelled: Mapped[bool] = mapped_column(default=False)
    started_by: Mapped[str] = mapped_column(String(150), default="")
    scope: Mapped[str] = mapped_column(String(400), default="")
    total: Mapped[int] = mapped_column(default=0)


class TestRunCount(Model):
    """How many credentials of a run had an outcome, so that no summary counts items."""

    __tablename__ = "test_run_count"
    __test__ = False

    run_id: Mapped[str] = mapped_column(ForeignKey("test_run.id", ondelete="CASCADE"), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(20), primary_key=True)
    total: Mapped[int]


class TestRunItem(Model):
    """One credential of a run. `outcome` stays empty until it is tested; nothing is ever stored as "testing".

    `rank` is the group of its outcome, failures first; see `vault/run_records.py`. Until `leased_until` the process
    that took the item tests it, and no other.
    """

    __tablename__ = "test_run_item"
    __table_args__ = (Index("ix_test_run_item_rank", "run_id", "rank", "position"),)
    __test__ = False

    run_id: Mapped[str] = mapped_column(ForeignKey("test_run.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36))
    name: Mapped[str] = mapped_column(String(255))
    outcome: Mapped[str] = mapped_column(String(20), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    rank: Mapped[int] = mapped_column(SmallInteger, default=3)
    leased_until: Mapped[datetime | None]
