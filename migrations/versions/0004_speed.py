"""Indexes for lists of any length, tallies of checks, fewer references to follow at each delivery.

Suits the previous release: it names nothing of what is new, and what it writes is noted by the triggers all the same.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
OWNED = ("changed_outlets", "outlet_tallies")

WALL = """
    (SELECT current_setting('audit.unscoped', true)) = 'on'
    OR {column} = ANY ((SELECT string_to_array(current_setting('audit.organizations', true), ',')::uuid[])::uuid[])
"""

LATEST = [sa.text("received_at DESC"), sa.text("id DESC")]
NEW_INDEXES = {
    "ix_visits_list_state": ["project_id", "state", *LATEST],
    "ix_visits_list_inspector": ["project_id", "inspector_id", *LATEST],
    "ix_visits_list_wave": ["wave_id", *LATEST],
    "ix_visits_list_outlet": ["outlet_id", *LATEST],
}
OLD_INDEXES = {"ix_visits_project_id": ["project_id"], "ix_visits_outlet_id": ["outlet_id"]}
IMPLIED = {"organization_id": "organizations", "criterion_id": "criteria"}
"""References of answers that their visit implies: it holds its organization, and the version with its criteria."""

COUNTS = (
    *("approved", "received", "returned", "absent", "invalid", "scored", "green", "yellow", "red"),
    *("forbidden_seen", "forbidden_possible", "failed", "skipped"),
)
PARTS = {
    "wave_id": "waves",
    "outlet_id": "outlets",
    "touchpoint_id": "touchpoints",
    "version_id": "checklist_versions",
    "brand_id": "brands",
}
MOVED = (
    "old.state IS {different} new.state OR old.deleted_at IS {different} new.deleted_at"
    " OR old.wave_id IS {different} new.wave_id OR old.outlet_id IS {different} new.outlet_id"
)


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for name, columns in NEW_INDEXES.items():
        op.create_index(name, "visits", columns)
    for name in OLD_INDEXES:
        op.drop_index(name, "visits")
    op.create_index("ix_checks_touchpoint", "checks", ["touchpoint_id", "visit_id"])
    # No table refers to the answers, so SQLite may rebuild them.
    with op.batch_alter_table("answers") as answers:
        for column in IMPLIED:
            answers.drop_constraint(op.f(f"fk_answers_{column}"), type_="foreignkey")
    create_tables()
    if postgresql:
        for table in OWNED:
            build_wall(table, "organization_id")
        create_triggers_of_postgresql()
        # Reports are squeezed at each delivery, which this does in a third of the time; a server built without it goes on.
        op.execute(
            "DO $$ BEGIN ALTER TABLE sealed_reports ALTER COLUMN body SET COMPRESSION lz4;"
            " EXCEPTION WHEN feature_not_supported OR syntax_error THEN NULL; END $$"
        )
        # The wall stands before the tables' owner too: without this no check would be found.
        op.execute("SELECT set_config('audit.unscoped', 'on', true)")
        new_id, now = "gen_random_uuid()", "now()"
    else:
        create_triggers_of_sqlite()
        new_id, now = "lower(hex(randomblob(16)))", "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
    op.execute(
        "INSERT INTO changed_outlets (id, organization_id, wave_id, outlet_id, at)"
        f" SELECT {new_id}, organization_id, wave_id, outlet_id, {now}"
        " FROM (SELECT DISTINCT organization_id, wave_id, outlet_id FROM checks) AS visited"
    )


def create_tables() -> None:
    op.create_table(
        "changed_outlets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", sa.Uuid(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changed_outlets")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_changed_outlets_organization_id")
        ),
    )
    op.create_index("ix_changed_outlets_wave", "changed_outlets", ["wave_id", "outlet_id"])
    op.create_table(
        "outlet_tallies",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in (*PARTS, "organization_id")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("total", "squares")),
        sa.PrimaryKeyConstraint(*list(PARTS)[:4], name=op.f("pk_outlet_tallies")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_outlet_tallies_{column}"), ondelete="CASCADE"
            )
            for column, table in PARTS.items()
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_outlet_tallies_organization_id")
        ),
    )


def create_triggers_of_postgresql() -> None:
    """One note for each outlet and statement that touches checks; one for each visit that changes its state or place."""
    op.execute("""
        CREATE FUNCTION note_changed_checks() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO changed_outlets (id, organization_id, wave_id, outlet_id, at)
            SELECT gen_random_uuid(), organization_id, wave_id, outlet_id, now()
            FROM (SELECT DISTINCT organization_id, wave_id, outlet_id FROM touched) AS visited;
            RETURN NULL;
        END $$
    """)
    for name, act, rows in (
        ("new", "INSERT", "NEW"),
        ("changed", "UPDATE", "NEW"),
        ("moved", "UPDATE", "OLD"),
        ("gone", "DELETE", "OLD"),
    ):
        op.execute(
            f"CREATE TRIGGER note_{name}_checks AFTER {act} ON checks REFERENCING {rows} TABLE AS touched"
            " FOR EACH STATEMENT EXECUTE FUNCTION note_changed_checks()"
        )
    op.execute("""
        CREATE FUNCTION note_changed_visit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO changed_outlets (id, organization_id, wave_id, outlet_id, at)
            SELECT DISTINCT ON (wave_id, outlet_id) gen_random_uuid(), organization_id, wave_id, outlet_id, now()
            FROM (VALUES (old.organization_id, old.wave_id, old.outlet_id),
                         (new.organization_id, new.wave_id, new.outlet_id)) AS places (organization_id, wave_id, outlet_id)
            WHERE wave_id IS NOT NULL AND outlet_id IS NOT NULL;
            RETURN NULL;
        END $$
    """)
    op.execute(
        "CREATE TRIGGER note_changed_visit AFTER UPDATE ON visits FOR EACH ROW"
        f" WHEN ({MOVED.format(different='DISTINCT FROM')}) EXECUTE FUNCTION note_changed_visit()"
    )


def create_triggers_of_sqlite() -> None:
    """SQLite writes one after the other, so a note that stands there already says all."""
    for name, table, act, when, rows in (
        ("new_check", "checks", "INSERT", "", ("new",)),
        ("changed_check", "checks", "UPDATE", "", ("old", "new")),
        ("gone_check", "checks", "DELETE", "", ("old",)),
        ("changed_visit", "visits", "UPDATE", f"WHEN {MOVED.format(different='NOT')}", ("old", "new")),
    ):
        notes = "".join(
            "INSERT INTO changed_outlets (id, organization_id, wave_id, outlet_id, at)"
            f" SELECT lower(hex(randomblob(16))), {row}.organization_id, {row}.wave_id, {row}.outlet_id,"
            " strftime('%Y-%m-%d %H:%M:%f000', 'now')"
            f" WHERE {row}.wave_id IS NOT NULL AND {row}.outlet_id IS NOT NULL AND NOT EXISTS (SELECT 1"
            f" FROM changed_outlets WHERE wave_id = {row}.wave_id AND outlet_id = {row}.outlet_id); "
            for row in rows
        )
        op.execute(f"CREATE TRIGGER note_{name} AFTER {act} ON {table} FOR EACH ROW {when} BEGIN {notes} END")


def build_wall(table: str, column: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_organizations ON {table} USING ({WALL.format(column=column)})")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION note_changed_checks() CASCADE")
        op.execute("DROP FUNCTION note_changed_visit() CASCADE")
    else:
        for name in ("new_check", "changed_check", "gone_check", "changed_visit"):
            op.execute(f"DROP TRIGGER note_{name}")
    for table in reversed(OWNED):
        op.drop_table(table)
    with op.batch_alter_table("answers") as answers:
        for column, target in IMPLIED.items():
            answers.create_foreign_key(op.f(f"fk_answers_{column}"), target, [column], ["id"])
    op.drop_index("ix_checks_touchpoint", "checks")
    for name, columns in OLD_INDEXES.items():
        op.create_index(name, "visits", columns)
    for name in NEW_INDEXES:
        op.drop_index(name, "visits")
