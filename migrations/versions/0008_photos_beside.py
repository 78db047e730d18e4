"""Photos of reports that were kept beside a visit are told apart from those of the visit.

Suits the previous release: it does not name the column; what it takes in has no such photo.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("photos", sa.Column("beside", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("photos", "beside")
