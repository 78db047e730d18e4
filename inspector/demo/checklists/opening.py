"""A self-audit that is still a draft: what a shop's own people look at before they open."""

from checklists.checklist import Evidence, Purpose, Unit
from inspector.demo.parts import DemoChecklist, DemoSection, bad, both, good, measure, states

_BRIEF = both("Перед открытием, вдвоём, до первого гостя.", "Before opening, by two people, before the first guest.")

OPENING = DemoChecklist(
    "opening",
    both("Самопроверка перед открытием", "Self-audit before opening"),
    (
        DemoSection(
            "hall",
            both("Зал", "Seating area"),
            both("Пройдите путь гостя от двери до столика.", "Walk the guest's way from the door to a table."),
            0,
            (
                states(
                    "opening_hall",
                    both("Зал готов", "The room is ready"),
                    good("Столики вытерты, стулья на местах", "Tables wiped, chairs in place"),
                    good("Горят все лампы", "All lamps are lit"),
                    bad("На столах вчерашняя посуда", "Yesterday's dishes are on the tables"),
                    evidence=Evidence.OPTIONAL,
                    barrier="dirty_tables",
                ),
                measure(
                    "trial_shots",
                    both("Сколько пробных эспрессо сварили", "Trial shots before opening"),
                    Unit.PIECES,
                    2,
                    0,
                    evidence=Evidence.NONE,
                ),
            ),
        ),
    ),
    _BRIEF,
    purpose=Purpose.SELF_AUDIT,
    blind=False,
    published=False,
)
