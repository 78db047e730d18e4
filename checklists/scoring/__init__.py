"""What a published checklist version makes of one visit: pure functions over the version's frozen document.

A document is read once with `read_form`; the caller keeps the `Form`, which never changes. The standard library only.
"""

from checklists.scoring.conditions import Comparison, Condition, ShownWhen, is_shown, read_shown_when
from checklists.scoring.criterion import POINTS, Fault, FormCriterion, FormOption, FormState, Given, Status, Zone
from checklists.scoring.form import ROUNDING, Form, FormSection, Grade, read_criterion, read_form
from checklists.scoring.kinds import RULES, TOO_MUCH, Kind, Number, Rules, answer_fault, is_number
from checklists.scoring.visit import (
    VALID_FROM,
    CheckResult,
    Key,
    Outcome,
    Scored,
    score_answer,
    score_visit,
    visit_faults,
)

__all__ = [
    "POINTS",
    "ROUNDING",
    "RULES",
    "TOO_MUCH",
    "VALID_FROM",
    "CheckResult",
    "Comparison",
    "Condition",
    "Fault",
    "Form",
    "FormCriterion",
    "FormOption",
    "FormSection",
    "FormState",
    "Given",
    "Grade",
    "Key",
    "Kind",
    "Number",
    "Outcome",
    "Rules",
    "Scored",
    "ShownWhen",
    "Status",
    "Zone",
    "answer_fault",
    "is_number",
    "is_shown",
    "read_criterion",
    "read_form",
    "read_shown_when",
    "score_answer",
    "score_visit",
    "visit_faults",
]
