"""The first tables, and on PostgreSQL the second wall around each organization's rows.

There is no previous release to suit.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
WORD = sa.String(length=20)

OWNED = (
    "jobs",
    "projects",
    "brands",
    "checklists",
    "journeys",
    "memberships",
    "waves",
    "checklist_versions",
    "outlets",
    "stages",
    "assignments",
    "touchpoints",
    "wave_checklists",
    "wave_outlets",
    "barriers",
    "required_checks",
    "sections",
    "visits",
    "checks",
    "criteria",
    "photos",
    "reviews",
    "sealed_reports",
    "answers",
    "options",
    "states",
)

# A row is seen or written only while the transaction has named its organization (checklists/orm.py does), or has said why it sees all. The
# sub-selects are there so that the settings are read once a statement and not once a row.
WALL = """
    (SELECT current_setting('audit.unscoped', true)) = 'on'
    OR {column} = ANY ((SELECT string_to_array(current_setting('audit.organizations', true), ',')::uuid[])::uuid[])
"""


def upgrade() -> None:
    op.create_table(
        "organizations",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
        sa.UniqueConstraint("slug", name=op.f("uq_organizations_slug")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("arguments", JSON, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("run_after", MOMENT, nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_jobs_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index("ix_jobs_due", ["state", "run_after"], unique=False)

    op.create_table(
        "projects",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", JSON, nullable=False),
        sa.Column("languages", JSON, nullable=False),
        sa.Column("margin", sa.Double(), nullable=False),
        sa.Column("retention_months", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_projects_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("organization_id", "slug", name=op.f("uq_projects_organization_id_slug")),
    )
    op.create_table(
        "brands",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_brands_organization_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_brands_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brands")),
    )
    with op.batch_alter_table("brands", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_brands_project_id"), ["project_id"], unique=False)

    op.create_table(
        "checklists",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", JSON, nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_checklists_organization_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_checklists_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklists")),
    )
    with op.batch_alter_table("checklists", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_checklists_project_id"), ["project_id"], unique=False)

    op.create_table(
        "journeys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", JSON, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_journeys_organization_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_journeys_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journeys")),
    )
    with op.batch_alter_table("journeys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journeys_project_id"), ["project_id"], unique=False)

    op.create_table(
        "memberships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("role", WORD, nullable=False),
        sa.Column("deactivated_at", MOMENT, nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_memberships_organization_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_memberships_project_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint(
            "organization_id",
            "user_id",
            "project_id",
            "role",
            name=op.f("uq_memberships_organization_id_user_id_project_id_role"),
        ),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_memberships_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_memberships_user_id"), ["user_id"], unique=False)

    op.create_table(
        "waves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", JSON, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("brief", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_waves_organization_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_waves_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waves")),
    )
    with op.batch_alter_table("waves", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waves_project_id"), ["project_id"], unique=False)

    op.create_table(
        "checklist_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("checklist_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("green_from", sa.Double(), nullable=False),
        sa.Column("yellow_from", sa.Double(), nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("document", JSON, nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["checklist_id"], ["checklists.id"], name=op.f("fk_checklist_versions_checklist_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_checklist_versions_organization_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_checklist_versions_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_versions")),
        sa.UniqueConstraint("checklist_id", "number", name=op.f("uq_checklist_versions_checklist_id_number")),
    )
    with op.batch_alter_table("checklist_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_checklist_versions_checklist_id"), ["checklist_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_checklist_versions_project_id"), ["project_id"], unique=False)
        batch_op.create_index(
            "uq_checklist_versions_one_draft",
            ["checklist_id"],
            unique=True,
            sqlite_where=sa.text("published_at IS NULL"),
            postgresql_where=sa.text("published_at IS NULL"),
        )

    op.create_table(
        "outlets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_outlets_brand_id")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_outlets_organization_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_outlets_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outlets")),
    )
    with op.batch_alter_table("outlets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outlets_brand_id"), ["brand_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outlets_project_id"), ["project_id"], unique=False)

    op.create_table(
        "stages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("name", JSON, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["journey_id"], ["journeys.id"], name=op.f("fk_stages_journey_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_stages_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stages")),
    )
    with op.batch_alter_table("stages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stages_journey_id"), ["journey_id"], unique=False)

    op.create_table(
        "assignments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", sa.Uuid(), nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=True),
        sa.Column("state", WORD, nullable=False),
        sa.Column("brief", JSON, nullable=False),
        sa.Column("due_from", MOMENT, nullable=False),
        sa.Column("due_until", MOMENT, nullable=False),
        sa.Column("handed_out_at", MOMENT, nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["inspector_id"], ["users.id"], name=op.f("fk_assignments_inspector_id")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_assignments_organization_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_assignments_outlet_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_assignments_project_id")),
        sa.ForeignKeyConstraint(["version_id"], ["checklist_versions.id"], name=op.f("fk_assignments_version_id")),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.id"], name=op.f("fk_assignments_wave_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_assignments_inspector_id"), ["inspector_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_assignments_outlet_id"), ["outlet_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_assignments_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_assignments_version_id"), ["version_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_assignments_wave_id"), ["wave_id"], unique=False)

    op.create_table(
        "touchpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("stage_id", sa.Uuid(), nullable=False),
        sa.Column("name", JSON, nullable=False),
        sa.Column("channel", WORD, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_touchpoints_organization_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_touchpoints_project_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["stages.id"], name=op.f("fk_touchpoints_stage_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touchpoints")),
    )
    with op.batch_alter_table("touchpoints", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_touchpoints_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_touchpoints_stage_id"), ["stage_id"], unique=False)

    op.create_table(
        "wave_checklists",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_wave_checklists_organization_id")
        ),
        sa.ForeignKeyConstraint(["version_id"], ["checklist_versions.id"], name=op.f("fk_wave_checklists_version_id")),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.id"], name=op.f("fk_wave_checklists_wave_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave_checklists")),
        sa.UniqueConstraint("wave_id", "version_id", name=op.f("uq_wave_checklists_wave_id_version_id")),
    )
    with op.batch_alter_table("wave_checklists", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_wave_checklists_version_id"), ["version_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_wave_checklists_wave_id"), ["wave_id"], unique=False)

    op.create_table(
        "wave_outlets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_wave_outlets_organization_id")
        ),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_wave_outlets_outlet_id")),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.id"], name=op.f("fk_wave_outlets_wave_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave_outlets")),
        sa.UniqueConstraint("wave_id", "outlet_id", name=op.f("uq_wave_outlets_wave_id_outlet_id")),
    )
    with op.batch_alter_table("wave_outlets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_wave_outlets_outlet_id"), ["outlet_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_wave_outlets_wave_id"), ["wave_id"], unique=False)

    op.create_table(
        "barriers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("touchpoint_id", sa.Uuid(), nullable=False),
        sa.Column("text", JSON, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_barriers_organization_id")),
        sa.ForeignKeyConstraint(
            ["touchpoint_id"], ["touchpoints.id"], name=op.f("fk_barriers_touchpoint_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_barriers")),
    )
    with op.batch_alter_table("barriers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_barriers_touchpoint_id"), ["touchpoint_id"], unique=False)

    op.create_table(
        "required_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("touchpoint_id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", sa.Uuid(), nullable=True),
        sa.Column("required", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_required_checks_brand_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_required_checks_organization_id")
        ),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_required_checks_outlet_id")),
        sa.ForeignKeyConstraint(["touchpoint_id"], ["touchpoints.id"], name=op.f("fk_required_checks_touchpoint_id")),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.id"], name=op.f("fk_required_checks_wave_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_required_checks")),
        sa.UniqueConstraint(
            "wave_id",
            "touchpoint_id",
            "brand_id",
            "outlet_id",
            name=op.f("uq_required_checks_wave_id_touchpoint_id_brand_id_outlet_id"),
        ),
    )
    with op.batch_alter_table("required_checks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_required_checks_brand_id"), ["brand_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_required_checks_outlet_id"), ["outlet_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_required_checks_touchpoint_id"), ["touchpoint_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_required_checks_wave_id"), ["wave_id"], unique=False)

    op.create_table(
        "sections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lineage_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("touchpoint_id", sa.Uuid(), nullable=False),
        sa.Column("title", JSON, nullable=False),
        sa.Column("intro", JSON, nullable=False),
        sa.Column("required_checks", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_sections_organization_id")),
        sa.ForeignKeyConstraint(["touchpoint_id"], ["touchpoints.id"], name=op.f("fk_sections_touchpoint_id")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["checklist_versions.id"], name=op.f("fk_sections_version_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sections")),
    )
    with op.batch_alter_table("sections", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sections_lineage_id"), ["lineage_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sections_touchpoint_id"), ["touchpoint_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sections_version_id"), ["version_id"], unique=False)

    op.create_table(
        "visits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("assignment_id", sa.Uuid(), nullable=True),
        sa.Column("wave_id", sa.Uuid(), nullable=True),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("outlet_id", sa.Uuid(), nullable=True),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("hold_reason", WORD, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("elapsed_ms", sa.Integer(), nullable=True),
        sa.Column("utc_offset", sa.Integer(), nullable=True),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("positions", JSON, nullable=False),
        sa.Column("points", sa.Double(), nullable=True),
        sa.Column("possible", sa.Double(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("text_replaced", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name=op.f("fk_visits_assignment_id")),
        sa.ForeignKeyConstraint(["inspector_id"], ["users.id"], name=op.f("fk_visits_inspector_id")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_visits_organization_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_visits_outlet_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_visits_project_id")),
        sa.ForeignKeyConstraint(["version_id"], ["checklist_versions.id"], name=op.f("fk_visits_version_id")),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.id"], name=op.f("fk_visits_wave_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
    )
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visits_assignment_id"), ["assignment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_visits_inspector_id"), ["inspector_id"], unique=False)
        batch_op.create_index(
            "ix_visits_list",
            ["project_id", sa.literal_column("received_at DESC"), sa.literal_column("id DESC")],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_visits_outlet_id"), ["outlet_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_visits_project_id"), ["project_id"], unique=False)
        batch_op.create_index("ix_visits_wave_state", ["wave_id", "state"], unique=False)
        batch_op.create_index(
            "uq_visits_one_per_assignment",
            ["assignment_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('received', 'returned', 'approved')"),
            postgresql_where=sa.text("state IN ('received', 'returned', 'approved')"),
        )

    op.create_table(
        "checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("touchpoint_id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("outlet_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("points", sa.Double(), nullable=False),
        sa.Column("possible", sa.Double(), nullable=False),
        sa.Column("zone", WORD, nullable=True),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("absent", sa.Boolean(), nullable=False),
        sa.Column("forbidden_seen", sa.Integer(), nullable=False),
        sa.Column("forbidden_possible", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_checks_brand_id")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_checks_organization_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlets.id"], name=op.f("fk_checks_outlet_id")),
        sa.ForeignKeyConstraint(["touchpoint_id"], ["touchpoints.id"], name=op.f("fk_checks_touchpoint_id")),
        sa.ForeignKeyConstraint(["version_id"], ["checklist_versions.id"], name=op.f("fk_checks_version_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_checks_visit_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.id"], name=op.f("fk_checks_wave_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checks")),
    )
    with op.batch_alter_table("checks", schema=None) as batch_op:
        batch_op.create_index("ix_checks_cell", ["wave_id", "touchpoint_id", "brand_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_checks_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "criteria",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lineage_id", sa.Uuid(), nullable=False),
        sa.Column("section_id", sa.Uuid(), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("text", JSON, nullable=False),
        sa.Column("guidance", JSON, nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("may_be_not_applicable", sa.Boolean(), nullable=False),
        sa.Column("evidence", WORD, nullable=False),
        sa.Column("evidence_at_least", sa.Integer(), nullable=False),
        sa.Column("comment", WORD, nullable=False),
        sa.Column("enough", sa.String(), nullable=False),
        sa.Column("all_or_nothing", sa.Boolean(), nullable=False),
        sa.Column("unit", WORD, nullable=True),
        sa.Column("decimals", sa.Integer(), nullable=False),
        sa.Column("direction", WORD, nullable=True),
        sa.Column("green_limit", sa.Double(), nullable=True),
        sa.Column("red_limit", sa.Double(), nullable=True),
        sa.Column("several", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_criteria_organization_id")),
        sa.ForeignKeyConstraint(
            ["section_id"], ["sections.id"], name=op.f("fk_criteria_section_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criteria")),
    )
    with op.batch_alter_table("criteria", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_criteria_lineage_id"), ["lineage_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_criteria_section_id"), ["section_id"], unique=False)

    op.create_table(
        "photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=True),
        sa.Column("stored_at", MOMENT, nullable=True),
        sa.Column("derived_at", MOMENT, nullable=True),
        sa.Column("readable", sa.Boolean(), nullable=True),
        sa.Column("unreadable_reason", sa.String(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_photos_organization_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_photos_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
    )
    with op.batch_alter_table("photos", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_photos_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("decision", WORD, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_reviews_organization_id")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["users.id"], name=op.f("fk_reviews_reviewer_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_reviews_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reviews_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "sealed_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_sealed_reports_organization_id")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_sealed_reports_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_reports")),
        sa.UniqueConstraint("visit_id", "sha256", name=op.f("uq_sealed_reports_visit_id_sha256")),
    )
    op.create_table(
        "answers",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("criterion_id", sa.Uuid(), nullable=False),
        sa.Column("repetition", sa.Integer(), nullable=False),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("lineage_id", sa.Uuid(), nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("states", JSON, nullable=False),
        sa.Column("options", JSON, nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("photo_ids", JSON, nullable=False),
        sa.Column("zone", WORD, nullable=True),
        sa.Column("points", sa.Double(), nullable=False),
        sa.Column("possible", sa.Double(), nullable=False),
        sa.Column("forbidden_seen", sa.Integer(), nullable=False),
        sa.Column("forbidden_possible", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_answers_check_id")),
        sa.ForeignKeyConstraint(["criterion_id"], ["criteria.id"], name=op.f("fk_answers_criterion_id")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_answers_organization_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_answers_visit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("visit_id", "criterion_id", "repetition", name=op.f("pk_answers")),
    )
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answers_check_id"), ["check_id"], unique=False)

    op.create_table(
        "options",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lineage_id", sa.Uuid(), nullable=False),
        sa.Column("criterion_id", sa.Uuid(), nullable=False),
        sa.Column("text", JSON, nullable=False),
        sa.Column("zone", WORD, nullable=False),
        sa.Column("points", sa.Double(), nullable=True),
        sa.Column("free_text", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["criterion_id"], ["criteria.id"], name=op.f("fk_options_criterion_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_options_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_options")),
    )
    with op.batch_alter_table("options", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_options_criterion_id"), ["criterion_id"], unique=False)

    op.create_table(
        "states",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lineage_id", sa.Uuid(), nullable=False),
        sa.Column("criterion_id", sa.Uuid(), nullable=False),
        sa.Column("text", JSON, nullable=False),
        sa.Column("polarity", WORD, nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["criterion_id"], ["criteria.id"], name=op.f("fk_states_criterion_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_states_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_states")),
    )
    with op.batch_alter_table("states", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_states_criterion_id"), ["criterion_id"], unique=False)

    if op.get_bind().dialect.name == "postgresql":
        build_wall("organizations", "id")
        for table in OWNED:
            build_wall(table, "organization_id")


def build_wall(table: str, column: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_organizations ON {table} USING ({WALL.format(column=column)})")


def downgrade() -> None:
    with op.batch_alter_table("states", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_states_criterion_id"))

    op.drop_table("states")
    with op.batch_alter_table("options", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_options_criterion_id"))

    op.drop_table("options")
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_answers_check_id"))

    op.drop_table("answers")
    op.drop_table("sealed_reports")
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reviews_visit_id"))

    op.drop_table("reviews")
    with op.batch_alter_table("photos", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_photos_visit_id"))

    op.drop_table("photos")
    with op.batch_alter_table("criteria", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_criteria_section_id"))
        batch_op.drop_index(batch_op.f("ix_criteria_lineage_id"))

    op.drop_table("criteria")
    with op.batch_alter_table("checks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_checks_visit_id"))
        batch_op.drop_index("ix_checks_cell")

    op.drop_table("checks")
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_visits_one_per_assignment",
            sqlite_where=sa.text("state IN ('received', 'returned', 'approved')"),
            postgresql_where=sa.text("state IN ('received', 'returned', 'approved')"),
        )
        batch_op.drop_index("ix_visits_wave_state")
        batch_op.drop_index(batch_op.f("ix_visits_project_id"))
        batch_op.drop_index(batch_op.f("ix_visits_outlet_id"))
        batch_op.drop_index("ix_visits_list")
        batch_op.drop_index(batch_op.f("ix_visits_inspector_id"))
        batch_op.drop_index(batch_op.f("ix_visits_assignment_id"))

    op.drop_table("visits")
    with op.batch_alter_table("sections", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sections_version_id"))
        batch_op.drop_index(batch_op.f("ix_sections_touchpoint_id"))
        batch_op.drop_index(batch_op.f("ix_sections_lineage_id"))

    op.drop_table("sections")
    with op.batch_alter_table("required_checks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_required_checks_wave_id"))
        batch_op.drop_index(batch_op.f("ix_required_checks_touchpoint_id"))
        batch_op.drop_index(batch_op.f("ix_required_checks_outlet_id"))
        batch_op.drop_index(batch_op.f("ix_required_checks_brand_id"))

    op.drop_table("required_checks")
    with op.batch_alter_table("barriers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_barriers_touchpoint_id"))

    op.drop_table("barriers")
    with op.batch_alter_table("wave_outlets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_wave_outlets_wave_id"))
        batch_op.drop_index(batch_op.f("ix_wave_outlets_outlet_id"))

    op.drop_table("wave_outlets")
    with op.batch_alter_table("wave_checklists", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_wave_checklists_wave_id"))
        batch_op.drop_index(batch_op.f("ix_wave_checklists_version_id"))

    op.drop_table("wave_checklists")
    with op.batch_alter_table("touchpoints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_touchpoints_stage_id"))
        batch_op.drop_index(batch_op.f("ix_touchpoints_project_id"))

    op.drop_table("touchpoints")
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_assignments_wave_id"))
        batch_op.drop_index(batch_op.f("ix_assignments_version_id"))
        batch_op.drop_index(batch_op.f("ix_assignments_project_id"))
        batch_op.drop_index(batch_op.f("ix_assignments_outlet_id"))
        batch_op.drop_index(batch_op.f("ix_assignments_inspector_id"))

    op.drop_table("assignments")
    with op.batch_alter_table("stages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stages_journey_id"))

    op.drop_table("stages")
    with op.batch_alter_table("outlets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outlets_project_id"))
        batch_op.drop_index(batch_op.f("ix_outlets_brand_id"))

    op.drop_table("outlets")
    with op.batch_alter_table("checklist_versions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_checklist_versions_one_draft",
            sqlite_where=sa.text("published_at IS NULL"),
            postgresql_where=sa.text("published_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_checklist_versions_project_id"))
        batch_op.drop_index(batch_op.f("ix_checklist_versions_checklist_id"))

    op.drop_table("checklist_versions")
    with op.batch_alter_table("waves", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_waves_project_id"))

    op.drop_table("waves")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_memberships_user_id"))
        batch_op.drop_index(batch_op.f("ix_memberships_project_id"))

    op.drop_table("memberships")
    with op.batch_alter_table("journeys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_journeys_project_id"))

    op.drop_table("journeys")
    with op.batch_alter_table("checklists", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_checklists_project_id"))

    op.drop_table("checklists")
    with op.batch_alter_table("brands", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_brands_project_id"))

    op.drop_table("brands")
    op.drop_table("projects")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_jobs_due")

    op.drop_table("jobs")
    op.drop_table("users")
    op.drop_table("organizations")
