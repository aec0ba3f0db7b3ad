"""The index for equal secrets is in parts, one for each 65,536 ids.

A change of the encryption key gives every row another fingerprint, in the order of the ids. So it writes one part after
the other, which stays in memory meanwhile, where each batch wrote the whole index. A look-up looks into each part.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_credential_fingerprint", "credential")
    op.create_index(
        "ix_credential_fingerprint", "credential", [sa.text("(id / 65536)"), sa.text("substr(fingerprint, 1, 8)")]
    )
