"""Every kind of criterion, conditions, evidence, returns, corrections, best practices, guidance pictures, imports.

Suits the previous release: what is new in old tables is nullable or has a default of the database, and that release
neither reads nor names it. New states and kinds are words in columns that hold any word of twenty letters.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
WORD = sa.String(length=20)

OWNED = ("guidance_pictures", "best_practices", "corrections", "imports")

WALL = """
    (SELECT current_setting('audit.unscoped', true)) = 'on'
    OR {column} = ANY ((SELECT string_to_array(current_setting('audit.organizations', true), ',')::uuid[])::uuid[])
"""


def upgrade() -> None:
    for table, columns in new_columns().items():
        for column in columns:
            op.add_column(table, column)
    # SQLite can add a column with its reference, but alembic would rebuild the table for it, and the answers hang on it.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE criteria ADD COLUMN barrier_id CHAR(32)"
            " CONSTRAINT fk_criteria_barrier_id REFERENCES barriers (id)"
        )
    else:
        op.add_column("criteria", sa.Column("barrier_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f("fk_criteria_barrier_id"), "criteria", "barriers", ["barrier_id"], ["id"])
    op.create_index(op.f("ix_criteria_barrier_id"), "criteria", ["barrier_id"])
    # A hidden answer belongs to no check where nothing of its touchpoint was shown. No table refers to the answers, so
    # SQLite may rebuild them.
    with op.batch_alter_table("answers") as answers:
        answers.alter_column("check_id", existing_type=sa.Uuid(), nullable=True)
    if op.get_bind().dialect.name == "postgresql":
        # The wall stands before the tables' owner too: without this the updates would find no row, and say nothing.
        op.execute("SELECT set_config('audit.unscoped', 'on', true)")
    op.execute("UPDATE visits SET sealed_score = score")
    op.execute("UPDATE checks SET sealed_score = score")
    create_tables()
    if op.get_bind().dialect.name == "postgresql":
        for table in OWNED:
            build_wall(table, "organization_id")


def new_columns() -> dict[str, list[sa.Column]]:
    """What old tables gain; made anew for each call, as a column belongs to one table."""
    return {
        "projects": [sa.Column("staff_names", sa.Boolean(), nullable=False, server_default=sa.false())],
        "checklists": [sa.Column("purpose", WORD, nullable=False, server_default="visit")],
        "checklist_versions": [
            sa.Column("grades", JSON, nullable=False, server_default="[]"),
            sa.Column("staff_met", sa.Boolean(), nullable=False, server_default=sa.false()),
        ],
        "sections": [
            sa.Column("weight", sa.Double(), nullable=True),
            sa.Column("repeats", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("repeat_label", JSON, nullable=False, server_default="{}"),
            sa.Column("most_repetitions", sa.Integer(), nullable=False, server_default="10"),
            sa.Column("shown_when", JSON, nullable=True),
            sa.Column("origin_lineage_id", sa.Uuid(), nullable=True),
        ],
        "criteria": [
            sa.Column("scored", sa.Boolean(), nullable=False, server_default=sa.true()),
            sa.Column("critical", WORD, nullable=True),
            sa.Column("critical_cap", sa.Double(), nullable=True),
            sa.Column("shown_when", JSON, nullable=True),
            sa.Column("linear", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("settings", JSON, nullable=False, server_default="{}"),
            sa.Column("pictures", JSON, nullable=False, server_default="[]"),
            sa.Column("origin_lineage_id", sa.Uuid(), nullable=True),
        ],
        "states": [sa.Column("description", JSON, nullable=False, server_default="{}")],
        "options": [sa.Column("description", JSON, nullable=False, server_default="{}")],
        "waves": [sa.Column("day_parts", JSON, nullable=False, server_default="[]")],
        "assignments": [
            sa.Column("hours_from", sa.Integer(), nullable=True),
            sa.Column("hours_until", sa.Integer(), nullable=True),
        ],
        "visits": [
            sa.Column("sealed_score", sa.Double(), nullable=True),
            sa.Column("outlet_attributes", JSON, nullable=False, server_default="{}"),
            sa.Column("repetitions", JSON, nullable=False, server_default="[]"),
            sa.Column("staff_met", JSON, nullable=False, server_default="[]"),
        ],
        "checks": [
            sa.Column("sealed_score", sa.Double(), nullable=True),
            sa.Column("failed", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("capped_at", sa.Double(), nullable=True),
        ],
        "answers": [sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false())],
        "reviews": [sa.Column("notes", JSON, nullable=False, server_default="[]")],
    }


def create_tables() -> None:
    op.create_table(
        "guidance_pictures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        *owned("guidance_pictures", project_id="projects"),
    )
    op.create_index(op.f("ix_guidance_pictures_project_id"), "guidance_pictures", ["project_id"])
    op.create_table(
        "best_practices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("touchpoint_id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("photo_ids", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visits.id"], name=op.f("fk_best_practices_visit_id"), ondelete="CASCADE"
        ),
        *owned(
            "best_practices",
            project_id="projects",
            wave_id="waves",
            touchpoint_id="touchpoints",
            brand_id="brands",
            outlet_id="outlets",
        ),
    )
    for column in ("visit_id", "project_id", "touchpoint_id"):
        op.create_index(op.f(f"ix_best_practices_{column}"), "best_practices", [column])
    op.create_table(
        "corrections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("criterion_id", sa.Uuid(), nullable=False),
        sa.Column("repetition", sa.Integer(), nullable=False),
        sa.Column("old", JSON, nullable=False),
        sa.Column("new", JSON, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *owned("corrections", visit_id="visits", criterion_id="criteria", by_id="users"),
    )
    op.create_index(op.f("ix_corrections_visit_id"), "corrections", ["visit_id"])
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("uploaded_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("counts", JSON, nullable=False),
        *owned("imports", project_id="projects", uploaded_by="users"),
    )
    op.create_index(op.f("ix_imports_project_id"), "imports", ["project_id"])


def owned(table: str, **references: str) -> list[sa.schema.SchemaItem]:
    """The organization of a tenant's table, its key, and its references as {column: table}."""
    return [
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
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
    for table in reversed(OWNED):
        op.drop_table(table)
    op.drop_index(op.f("ix_criteria_barrier_id"), "criteria")
    # SQLite does not drop a column that refers to another table: there it stays behind, empty and unread.
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("fk_criteria_barrier_id"), "criteria")
        op.drop_column("criteria", "barrier_id")
    for table, columns in new_columns().items():
        for column in columns:
            op.drop_column(table, column.name)
