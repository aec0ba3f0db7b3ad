"""The SQLAlchemy models of the tables, but for those in modules named `…_model`.

The encrypted column `sealed` is deferred: a list query that reads it raises an error.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

from credstore.column_types import JsonObject, UTCDateTime


class Base(DeclarativeBase):
    registry = registry(type_annotation_map={datetime: UTCDateTime, dict[str, Any]: JsonObject})


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base  # flask-sqlalchemy's `db.Model` is untyped for mypy
else:
    Model = db.Model


def utc_now() -> datetime:
    return datetime.now(UTC)


class CredentialColumns:
    """The columns that a credential keeps when it moves to the deleted ones.

    `name_key` is the case-folded name: the search looks in it, and it is unique among stored credentials.
    `expiry_from_provider`: the provider gave `expires_at`; otherwise a person entered it. `secret_names` lists the
    secret fields that have a value (space-separated), so that a form can say so without decrypting.
    `version` rises with each edit; `content_version` is the version of the last edit that changed what a test depends
    on. `verdict_version` is the content version that was tested; `status` is the outcome that the list shows. `detail`
    is what the list shows in the Detail column, one text a line; nothing of it is secret. `used_by` is how many
    consumers use it (see `reference_models`): None where no use is known, 0 where somebody without a name used it.
    """

    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    name_key: Mapped[str] = mapped_column(String(1024))
    kind: Mapped[str] = mapped_column(String(40))
    public: Mapped[dict[str, Any]]
    secret_names: Mapped[str] = mapped_column(String(255), default="")
    sealed: Mapped[str] = mapped_column(Text, deferred=True, deferred_raiseload=True)
    key_id: Mapped[str] = mapped_column(String(8))
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)
    content_version: Mapped[int] = mapped_column(default=1)
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    expiry_from_provider: Mapped[bool] = mapped_column(default=False)
    verdict: Mapped[dict[str, Any] | None]
    verdict_version: Mapped[int | None]
    verdict_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(20), default="untested")
    detail: Mapped[str | None] = mapped_column(Text().with_variant(Text(collation="C"), "postgresql"))
    used_by: Mapped[int | None]


class Credential(CredentialColumns, Model):
    """A stored credential. `version` is the optimistic lock."""

    __tablename__ = "credential"
    # AUTOINCREMENT: SQLite would otherwise give the id of a deleted row to a new one.
    __table_args__ = (
        # SQLite's primary key is the table itself, which is wide; PostgreSQL's is an index already.
        Index("ix_credential_id", "id").ddl_if(dialect="sqlite"),
        Index("ix_credential_key_id", "key_id", "id"),
        Index("ix_credential_kind_id", "kind", "id"),
        Index("ix_credential_status_id", "status", "id", "kind"),
        # See the migrations 0018 and 0021.
        Index("ix_credential_fingerprint", text("(id / 65536)"), text("substr(fingerprint, 1, 8)")),
        Index("ix_credential_name_key", "name_key", unique=True),
        Index("ix_credential_expires", "expires_at", text("id DESC"), "kind", "status"),
        Index("ix_credential_used_by", "used_by", text("id DESC"), "kind", "status"),
        Index("ix_credential_detail", text("substr(detail, 1, 64)"), text("id DESC"), "kind", "status"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)


class CredentialCount(Model):
    """How many credentials of a type have an id in a block of ids (see `block_counts`). Triggers write it."""

    __tablename__ = "credential_count"

    block: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    total: Mapped[int]


class CredentialStatusCount(Model):
    """How many credentials of a type have a status (see `status_counts`). Triggers write it."""

    __tablename__ = "credential_status_count"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    status: Mapped[str] = mapped_column(String(20), primary_key=True)
    total: Mapped[int]


class DeletedCredential(CredentialColumns, Model):
    """Deleted, still encrypted, until it is restored or erased. `batch` is the deletion that it went with.

    `deleted_by` is the name of the person who was signed in; None where nobody was, or a host gave no name.
    """

    __tablename__ = "deleted_credential"
    __table_args__ = (
        Index("ix_deleted_credential_key_id", "key_id", "id"),
        # PostgreSQL has ix_deleted_credential_name_prefix, which serves for this too; see `name_search.by_code_point`.
        Index("ix_deleted_credential_name_key", "name_key").ddl_if(dialect="sqlite"),
        Index("ix_deleted_credential_deleted_at_id", "deleted_at", "id"),
    )

    # On SQLite an index, so that deleted rows go to the end of the table; see the migration 0023.
    id: Mapped[int] = mapped_column(
        Integer().with_variant(BigInteger(), "sqlite"), primary_key=True, autoincrement=False
    )
    batch: Mapped[str] = mapped_column(String(36), index=True)
    deleted_at: Mapped[datetime]
    deleted_by: Mapped[str | None] = mapped_column(String(150))


class KeyCheck(Model):
    """One row for each key that has encrypted a secret here.

    It shows whether a configured key is wrong or new before anything is decrypted. `lost_at`: somebody said that the
    key is lost, so that what it encrypted can never be read again.
    """

    __tablename__ = "key_check"

    key_id: Mapped[str] = mapped_column(String(8), primary_key=True)
    token: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    lost_at: Mapped[datetime | None]


class VerdictHistory(Model):
    """One test of a credential, kept for its history; the last few of each, by the credential's `public_id`."""

    __tablename__ = "verdict_history"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), index=True)
    version: Mapped[int]
    verdict: Mapped[dict[str, Any]]
    tested_at: Mapped[datetime]


class ModelNames(Model):
    """The names of the models that a credential's destination listed, beside its verdict; see `vault/model_names.py`.

    `version` is the content version that was tested. `models` is {"names": […], "listed_for": …, "count": …}.
    """

    __tablename__ = "model_names"

    public_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    version: Mapped[int]
    models: Mapped[dict[str, Any]]


class HostOpenness(Model):
    """What tests learned of a destination, and of single keys there; see `vault/destination_memory.py`.

    `key_fingerprint` is the keyed HMAC of a key that was proven there, or "" in the row about the destination itself.
    """

    __tablename__ = "host_openness"

    destination_hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # a SHA-256
    key_fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    openness: Mapped[str] = mapped_column(String(10))
    learned_at: Mapped[datetime] = mapped_column(index=True)


class Admin(Model):
    """A user, who may sign in. `username_key` is case-folded and unique; `role` is that of `accounts.roles`."""

    __tablename__ = "admin"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(150))
    username_key: Mapped[str] = mapped_column(String(600), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(10), default="admin")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class LoginSession(Model):
    """A server-side session. Only the SHA-256 of the cookie's id is kept; deleting the row ends the session.

    `confirmed_at` is when its user gave the password last.
    """

    __tablename__ = "login_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    admin_id: Mapped[int] = mapped_column(ForeignKey("admin.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    seen_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    confirmed_at: Mapped[datetime | None]


class SetupLink(Model):
    """A one-time set-up link, by the SHA-256 of its token."""

    __tablename__ = "setup_link"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime]


class LoginFailure(Model):
    """Failed sign-ins in a row, per account and per address (`subject` is a hash of either)."""

    __tablename__ = "login_failure"

    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    failed_at: Mapped[datetime] = mapped_column(index=True)
