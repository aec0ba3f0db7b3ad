"""The index for equal secrets holds the first 8 digits of a fingerprint, in place of all 64.

A change of the encryption key gives every row another fingerprint. The short index has a fifth of the size, so that
each batch writes far fewer pages of it; 8 digits still lead to a row or two.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_credential_fingerprint", "credential")
    op.create_index("ix_credential_fingerprint", "credential", [sa.text("substr(fingerprint, 1, 8)")])
