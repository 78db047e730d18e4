"""What comes back from the field: the tables, the intake of reports and photos, and the lists that pages read."""

from checklists.visits.faults import times_are_absurd
from checklists.visits.intake import place_held, record_visit
from checklists.visits.likeness import Likeness, PhotoLikeness
from checklists.visits.lists import (
    every_visit,
    inspectors_seen,
    sealed_reports_of,
    visit_with_parts,
    visits_page,
)
from checklists.visits.photos import missing_photos, promised_photo, receive_photo, record_derived
from checklists.visits.report import (
    AnswerReport,
    Arrival,
    BestPracticeReport,
    FieldAccess,
    PhotoPromise,
    Receipt,
    RepetitionReport,
    Report,
    Sender,
    StaffReport,
)
from checklists.visits.results import form_of, given_of, rescore
from checklists.visits.tables import (
    Answer,
    BestPractice,
    BestPracticeKind,
    Check,
    Photo,
    SealedReport,
    Visit,
    VisitState,
)

__all__ = [
    "Answer",
    "AnswerReport",
    "Arrival",
    "BestPractice",
    "BestPracticeKind",
    "BestPracticeReport",
    "Check",
    "FieldAccess",
    "Likeness",
    "Photo",
    "PhotoLikeness",
    "PhotoPromise",
    "Receipt",
    "RepetitionReport",
    "Report",
    "SealedReport",
    "Sender",
    "StaffReport",
    "Visit",
    "VisitState",
    "every_visit",
    "form_of",
    "given_of",
    "inspectors_seen",
    "missing_photos",
    "place_held",
    "promised_photo",
    "receive_photo",
    "record_derived",
    "record_visit",
    "rescore",
    "sealed_reports_of",
    "times_are_absurd",
    "visit_with_parts",
    "visits_page",
]
