"""What the phone app needs of the server: devices, drafts kept here too, notices, recordings and marks on photos.

Suits the previous release: new columns have a value for the rows that it writes, and it names none of the new tables.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
OWNED = ("devices", "notices", "draft_copies", "draft_photos")

WALL = """
    (SELECT current_setting('audit.unscoped', true)) = 'on'
    OR {column} = ANY ((SELECT string_to_array(current_setting('audit.organizations', true), ',')::uuid[])::uuid[])
"""


def upgrade() -> None:
    for table, columns in new_columns().items():
        for column in columns:
            op.add_column(table, column)
    create_tables()
    if op.get_bind().dialect.name == "postgresql":
        for table in OWNED:
            build_wall(table, "organization_id")


def new_columns() -> dict[str, list[sa.Column]]:
    """What old tables gain; made anew for each call, as a column belongs to one table."""
    return {
        "projects": [
            sa.Column("audio", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("audio_consent", JSON, nullable=False, server_default="{}"),
        ],
        "sealed_reports": [sa.Column("taken_in_by_id", sa.Uuid(), nullable=True)],
        "visits": [sa.Column("consents", JSON, nullable=False, server_default="[]")],
        "photos": [
            sa.Column("marks", JSON, nullable=False, server_default="[]"),
            sa.Column("duration_ms", sa.Integer(), nullable=True),
            sa.Column("receipt", JSON, nullable=False, server_default="{}"),
        ],
    }


def create_tables() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("installed", sa.Boolean(), nullable=False),
        sa.Column("keeps", sa.Boolean(), nullable=True),
        sa.Column("storage_left", sa.BigInteger(), nullable=True),
        sa.Column("drafts", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("waiting_since", MOMENT, nullable=True),
        sa.Column("parked", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        *owned("devices", user_id="users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint(
            "organization_id", "user_id", "device_id", name=op.f("uq_devices_organization_id_user_id_device_id")
        ),
    )
    op.create_index(op.f("ix_devices_user_id"), "devices", ["user_id"])
    op.create_table(
        "notice_addresses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_addresses")),
        sa.UniqueConstraint("endpoint", name=op.f("uq_notice_addresses_endpoint")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notice_addresses_user_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_notice_addresses_user_id"), "notice_addresses", ["user_id"])
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("news", sa.String(20), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *owned("notices", user_id="users"),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_notices_assignment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("user_id", "assignment_id", name=op.f("uq_notices_user_id_assignment_id")),
    )
    op.create_index(op.f("ix_notices_assignment_id"), "notices", ["assignment_id"])
    op.create_table(
        "draft_copies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("photos", JSON, nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("kept_at", MOMENT, nullable=False),
        *owned("draft_copies", user_id="users", assignment_id="assignments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_copies")),
        sa.UniqueConstraint(
            "user_id", "visit_id", "device_id", name=op.f("uq_draft_copies_user_id_visit_id_device_id")
        ),
    )
    op.create_table(
        "draft_photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("stored_at", MOMENT, nullable=False),
        sa.Column("waits_on", sa.String(), nullable=True),
        *owned("draft_photos", user_id="users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_photos")),
    )
    for table, column in (
        ("draft_copies", "assignment_id"),
        ("draft_copies", "visit_id"),
        ("draft_photos", "visit_id"),
        ("draft_photos", "user_id"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def owned(table: str, **references: str) -> list[sa.schema.SchemaItem]:
    """The organization of a tenant's table, and its references as {column: table}."""
    return [
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))
            for column, target in {"organization_id": "organizations", **references}.items()
        ),
    ]


def build_wall(table: str, column: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_organizations ON {table} USING ({WALL.format(column=column)})")


def downgrade() -> None:
    for table in (*reversed(OWNED), "notice_addresses"):
        op.drop_table(table)
    for table, columns in new_columns().items():
        for column in columns:
            op.drop_column(table, column.name)
