"""The audit log: a chain of entries to which rows can only be added, and its head."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_INDEXES = ("at", "act", "actor", "credential_id")
# The head changes with a new entry, and by retention, whose setting is at least one day. The third way is for a copy of
# a database: a log without any entry begins where that of the source does.
_SQLITE_TRIGGERS = (
    """CREATE TRIGGER audit_entry_insert BEFORE INSERT ON audit_entry
       WHEN NOT EXISTS (SELECT 1 FROM audit_head WHERE id = 1 AND seq = new.seq - 1) BEGIN
       SELECT RAISE(ABORT, 'audit_entry: not the next entry');
       END""",
    """CREATE TRIGGER audit_entry_inserted AFTER INSERT ON audit_entry BEGIN
       UPDATE audit_head SET seq = new.seq, hash = new.hash WHERE id = 1;
       END""",
    """CREATE TRIGGER audit_entry_update BEFORE UPDATE ON audit_entry BEGIN
       SELECT RAISE(ABORT, 'audit_entry: an entry is never changed');
       END""",
    """CREATE TRIGGER audit_entry_delete BEFORE DELETE ON audit_entry
       WHEN NOT EXISTS (SELECT 1 FROM audit_head WHERE id = 1 AND removed_seq >= old.seq) BEGIN
       SELECT RAISE(ABORT, 'audit_entry: only retention removes entries');
       END""",
    """CREATE TRIGGER audit_head_update BEFORE UPDATE ON audit_head
       WHEN NOT (new.id = 1 AND (
         ((new.seq, new.hash) = (old.seq, old.hash) OR (new.seq > old.seq
           AND EXISTS (SELECT 1 FROM audit_entry WHERE seq = new.seq AND hash = new.hash)
           AND NOT EXISTS (SELECT 1 FROM audit_entry WHERE seq > new.seq)))
         AND ((new.removed_seq, new.removed_hash) = (old.removed_seq, old.removed_hash)
           OR (new.removed_seq > old.removed_seq AND EXISTS (SELECT 1 FROM audit_entry
               WHERE seq = new.removed_seq AND hash = new.removed_hash)
             AND NOT EXISTS (SELECT 1 FROM audit_entry
               WHERE seq <= new.removed_seq AND at >= datetime('now', '-1 day'))))
         OR (old.seq = 0 AND (new.seq, new.hash) = (new.removed_seq, new.removed_hash)
           AND NOT EXISTS (SELECT 1 FROM audit_entry)))) BEGIN
       SELECT RAISE(ABORT, 'audit_head: set by new entries and by retention alone');
       END""",
    """CREATE TRIGGER audit_head_insert BEFORE INSERT ON audit_head BEGIN
       SELECT RAISE(ABORT, 'audit_head: has one row for ever');
       END""",
    """CREATE TRIGGER audit_head_delete BEFORE DELETE ON audit_head BEGIN
       SELECT RAISE(ABORT, 'audit_head: has one row for ever');
       END""",
)
_POSTGRESQL_TRIGGERS = (
    # Once for a statement, not for a row: a copy of a database inserts many at once, and each change of the same row
    # makes the next one slower.
    """CREATE FUNCTION audit_entry_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF NOT EXISTS (SELECT 1 FROM added) THEN RETURN NULL; END IF;
       UPDATE audit_head SET seq = last.seq, hash = last.hash
         FROM (SELECT seq, hash FROM added ORDER BY seq DESC LIMIT 1) AS last,
              (SELECT min(seq) AS first, count(*) AS total FROM added) AS whole
        WHERE id = 1 AND whole.first = audit_head.seq + 1 AND whole.total = last.seq - audit_head.seq;
       IF NOT FOUND THEN RAISE EXCEPTION 'audit_entry: not the next entry'; END IF;
       RETURN NULL; END $$""",
    """CREATE FUNCTION audit_entry_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       RAISE EXCEPTION 'audit_entry: an entry is never changed'; END $$""",
    """CREATE FUNCTION audit_entry_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF EXISTS (SELECT 1 FROM audit_head WHERE id = 1 AND removed_seq >= OLD.seq) THEN RETURN OLD; END IF;
       RAISE EXCEPTION 'audit_entry: only retention removes entries'; END $$""",
    """CREATE TRIGGER audit_entry_insert AFTER INSERT ON audit_entry REFERENCING NEW TABLE AS added
       FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_insert()""",
    """CREATE TRIGGER audit_entry_update BEFORE UPDATE ON audit_entry
       FOR EACH ROW EXECUTE FUNCTION audit_entry_update()""",
    """CREATE TRIGGER audit_entry_delete BEFORE DELETE ON audit_entry
       FOR EACH ROW EXECUTE FUNCTION audit_entry_delete()""",
    """CREATE TRIGGER audit_entry_truncate BEFORE TRUNCATE ON audit_entry
       FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_update()""",
    """CREATE FUNCTION audit_head_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF NEW.id = 1 AND (
         ((NEW.seq, NEW.hash) = (OLD.seq, OLD.hash) OR (NEW.seq > OLD.seq
           AND EXISTS (SELECT 1 FROM audit_entry WHERE seq = NEW.seq AND hash = NEW.hash)
           AND NOT EXISTS (SELECT 1 FROM audit_entry WHERE seq > NEW.seq)))
         AND ((NEW.removed_seq, NEW.removed_hash) = (OLD.removed_seq, OLD.removed_hash)
           OR (NEW.removed_seq > OLD.removed_seq AND EXISTS (SELECT 1 FROM audit_entry
               WHERE seq = NEW.removed_seq AND hash = NEW.removed_hash)
             AND NOT EXISTS (SELECT 1 FROM audit_entry
               WHERE seq <= NEW.removed_seq AND at >= clock_timestamp() - interval '1 day')))
         OR (OLD.seq = 0 AND (NEW.seq, NEW.hash) = (NEW.removed_seq, NEW.removed_hash)
           AND NOT EXISTS (SELECT 1 FROM audit_entry)))
       THEN RETURN NEW; END IF;
       RAISE EXCEPTION 'audit_head: set by new entries and by retention alone'; END $$""",
    """CREATE FUNCTION audit_head_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       RAISE EXCEPTION 'audit_head: has one row for ever'; END $$""",
    """CREATE TRIGGER audit_head_update BEFORE UPDATE ON audit_head
       FOR EACH ROW EXECUTE FUNCTION audit_head_update()""",
    """CREATE TRIGGER audit_head_row BEFORE INSERT OR DELETE OR TRUNCATE ON audit_head
       FOR EACH STATEMENT EXECUTE FUNCTION audit_head_row()""",
)


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(150), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("credential_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("result", sa.String(200), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("items", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    for column in _INDEXES:
        op.create_index(f"ix_audit_entry_{column}", "audit_entry", [column, "seq"])
    op.create_index("ix_audit_entry_actor_act", "audit_entry", ["actor", "act", "seq"])
    op.create_table(
        "audit_item",
        sa.Column("public_id", sa.String(36), primary_key=True),
        sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=False),
    )
    op.create_index("ix_audit_item_seq", "audit_item", ["seq"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", _SEQUENCE, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("removed_seq", _SEQUENCE, nullable=False),
        sa.Column("removed_hash", sa.String(64), nullable=False),
    )
    nothing = "0" * 64
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": nothing, "removed_seq": 0, "removed_hash": nothing}])
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE_TRIGGERS if sqlite else _POSTGRESQL_TRIGGERS:
        op.execute(statement)
