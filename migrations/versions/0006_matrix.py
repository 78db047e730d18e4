"""What comparisons of brands take from answers is kept beside the tallies.

Suits the previous release: it names neither column, and a tally that it makes anew has lost what no longer holds.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    for name in ("answered", "narrowed"):
        op.add_column("outlet_tallies", sa.Column(name, JSON, nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        # The wall stands before the tables' owner too: without this no tally would be found.
        op.execute("SELECT set_config('audit.unscoped', 'on', true)")
        new_id, now = "gen_random_uuid()", "now()"
    else:
        new_id, now = "lower(hex(randomblob(16)))", "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
    # One outlet of each wave, so that the worker looks at all waves once.
    op.execute(
        "INSERT INTO changed_outlets (id, organization_id, wave_id, outlet_id, at)"
        f" SELECT {new_id}, organization_id, wave_id, outlet_id, {now} FROM (SELECT DISTINCT organization_id,"
        " wave_id, outlet_id, rank() OVER (PARTITION BY wave_id ORDER BY outlet_id) AS place FROM outlet_tallies)"
        " AS ranked WHERE place = 1"
    )


def downgrade() -> None:
    for name in ("answered", "narrowed"):
        op.drop_column("outlet_tallies", name)
