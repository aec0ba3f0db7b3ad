"""On PostgreSQL the check of a new entry of the audit log reads one row, in place of the whole log.

The condition of migration 0013 asked whether any entry has a higher number. PostgreSQL took it for likely, and looked
at one row after the other, up to the end of the table, for each new entry. The last entry by the index says the same.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# The condition behind the first IF is that of migration 0013.
_HEAD_UPDATE = """CREATE OR REPLACE FUNCTION audit_head_update() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE last record;
    BEGIN
       IF NEW.id = 1 AND NEW.seq > OLD.seq
         AND (NEW.removed_seq, NEW.removed_hash) = (OLD.removed_seq, OLD.removed_hash) THEN
         SELECT seq, hash INTO last FROM audit_entry ORDER BY seq DESC LIMIT 1;
         IF (last.seq, last.hash) = (NEW.seq, NEW.hash) THEN RETURN NEW; END IF;
       END IF;
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
       RAISE EXCEPTION 'audit_head: set by new entries and by retention alone'; END $$"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_HEAD_UPDATE)
