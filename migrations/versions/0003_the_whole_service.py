"""Logins, one-time links, tokens, the audit trail, erasure, photos that wait for their store or look like others.

Suits the previous release: it neither reads nor names what is new, and what is new in old tables may be empty.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
WORD = sa.String(length=20)

OWNED = ("tokens", "audit_trail", "erasures", "photo_likenesses", "photo_bands")

WALL = """
    (SELECT current_setting('audit.unscoped', true)) = 'on'
    OR {column} = ANY ((SELECT string_to_array(current_setting('audit.organizations', true), ',')::uuid[])::uuid[])
"""


def upgrade() -> None:
    for table, columns in new_columns().items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_photos_sha256", "photos", ["organization_id", "sha256"])
    waiting = sa.text("waits_on IS NOT NULL")
    op.create_index("ix_photos_waiting", "photos", ["waits_on"], sqlite_where=waiting, postgresql_where=waiting)
    create_tables_of_people()
    create_tables_of_tenants()
    if op.get_bind().dialect.name == "postgresql":
        for table in OWNED:
            build_wall(table, "organization_id")


def new_columns() -> dict[str, list[sa.Column]]:
    """What old tables gain; made anew for each call, as a column belongs to one table."""
    return {
        "users": [sa.Column("erased_at", MOMENT, nullable=True)],
        "sealed_reports": [sa.Column("erased_at", MOMENT, nullable=True)],
        "photos": [
            sa.Column("waits_on", sa.String(), nullable=True),
            sa.Column("fingerprint", sa.BigInteger(), nullable=True),
            sa.Column("erased_at", MOMENT, nullable=True),
        ],
    }


def create_tables_of_people() -> None:
    op.create_table(
        "logins",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logins")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_logins_user_id"), ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_logins_user_id"), "logins", ["user_id"])
    op.create_table(
        "one_time_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", WORD, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_links")),
        sa.UniqueConstraint("sha256", name=op.f("uq_one_time_links_sha256")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_one_time_links_user_id"), ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_one_time_links_user_id"), "one_time_links", ["user_id"])
    op.create_table(
        "login_failures",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_login_failures")),
    )


def create_tables_of_tenants() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("beginning", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.UniqueConstraint("sha256", name=op.f("uq_tokens_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        *owned("tokens", user_id="users", project_id="projects"),
    )
    for column in ("user_id", "project_id"):
        op.create_index(op.f(f"ix_tokens_{column}"), "tokens", [column])
    op.create_table(
        "audit_trail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("token_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("details", JSON, nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_trail")),
        *owned("audit_trail", project_id="projects", user_id="users", token_id="tokens"),
    )
    op.create_index("ix_audit_trail_list", "audit_trail", ["organization_id", sa.text("at DESC"), sa.text("id DESC")])
    op.create_index("ix_audit_trail_subject", "audit_trail", ["organization_id", "subject_id"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        *owned("erasures", project_id="projects", by_id="users"),
    )
    op.create_index("ix_erasures_subject", "erasures", ["organization_id", "subject_id"])
    op.create_table(
        "photo_likenesses",
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("earlier_id", sa.Uuid(), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("photo_id", "earlier_id", name=op.f("pk_photo_likenesses")),
        *owned("photo_likenesses"),
        *(
            sa.ForeignKeyConstraint(
                [column], ["photos.id"], name=op.f(f"fk_photo_likenesses_{column}"), ondelete="CASCADE"
            )
            for column in ("photo_id", "earlier_id")
        ),
    )
    op.create_index(op.f("ix_photo_likenesses_earlier_id"), "photo_likenesses", ["earlier_id"])
    op.create_table(
        "photo_bands",
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        *owned("photo_bands"),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name=op.f("fk_photo_bands_photo_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("photo_id", "band", name=op.f("pk_photo_bands")),
    )
    op.create_index("ix_photo_bands_alike", "photo_bands", ["organization_id", "band", "fingerprint", "photo_id"])


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
    for table in (*reversed(OWNED), "login_failures", "one_time_links", "logins"):
        op.drop_table(table)
    for index in ("ix_photos_waiting", "ix_photos_sha256"):
        op.drop_index(index, "photos")
    for table, columns in new_columns().items():
        for column in columns:
            op.drop_column(table, column.name)
