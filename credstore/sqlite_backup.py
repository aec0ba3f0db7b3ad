"""Copies a SQLite database into one file while the server goes on reading and writing.

The copy holds encrypted secrets and no key. Sessions and set-up links are left out: one that has ended must not be
valid again after the copy is put back. So are notices that wait: they were sent since.
"""

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from credstore.errors import BackupFailed

_LEFT_OUT = ("login_session", "setup_link", "login_failure", "notice", "notice_delivery")


@dataclass(frozen=True, slots=True)
class Backup:
    """`size` is in bytes."""

    credentials: int
    size: int


def backup_database(database: Path, target: Path) -> Backup:
    """Copy the database to the new file `target` (mode 0600), as it is at one moment. Raises BackupFailed.

    `target` appears only when the copy is complete and sound; a file of that name is never replaced.
    """
    if target.exists():
        raise BackupFailed(f"{target} exists already. Choose another name.")
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        credentials = _copy(database, draft)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        os.link(draft, target)  # unlike a rename, it fails where a file of that name was made meanwhile
        return Backup(credentials, target.stat().st_size)
    except FileExistsError:
        raise BackupFailed(f"{target} exists already. Choose another name.") from None
    except OSError:
        raise BackupFailed(f"{target} cannot be written. Check the folder, its permissions and its space.") from None
    except sqlite3.Error:
        raise BackupFailed(
            "The database could not be copied. Nothing was written; credstore doctor may say why."
        ) from None
    finally:
        for leftover in (draft, draft.with_name(draft.name + "-journal")):
            with suppress(OSError):
                leftover.unlink(missing_ok=True)


def _copy(database: Path, draft: Path) -> int:
    """The number of credentials in the copy."""
    with (
        closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True)) as source,
        closing(sqlite3.connect(draft, isolation_level=None)) as copy,
    ):
        # All pages in one step: in WAL mode it keeps no writer waiting, and begins at one commit. Copied in parts, it
        # would begin again after each commit of another process, and never end on a busy server.
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        copy.execute("PRAGMA secure_delete=ON")
        tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in tables.intersection(_LEFT_OUT):  # one of an older version has fewer
            copy.execute(f"DELETE FROM {table}")  # noqa: S608 - the names above
        if copy.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise BackupFailed(
                "The database is damaged, so its copy is too: nothing was written. Restore an older one."
            )
        (credentials,) = copy.execute("SELECT coalesce(sum(total), 0) FROM credential_count").fetchone()
    return int(credentials)
