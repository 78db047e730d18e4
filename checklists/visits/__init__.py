"""What comes back from the field: the tables, the intake of reports and photos, and the lists that pages read."""

from checklists.visits.intake import missing_photos, promised_photo, receive_photo, record_derived, record_visit
from checklists.visits.lists import every_visit, next_waiting, sealed_reports_of, visit_with_parts, visits_page
from checklists.visits.report import AnswerReport, Arrival, FieldAccess, PhotoPromise, Receipt, Report, Sender
from checklists.visits.tables import Answer, Check, Photo, SealedReport, Visit, VisitState

__all__ = [
    "Answer",
    "AnswerReport",
    "Arrival",
    "Check",
    "FieldAccess",
    "Photo",
    "PhotoPromise",
    "Receipt",
    "Report",
    "SealedReport",
    "Sender",
    "Visit",
    "VisitState",
    "every_visit",
    "missing_photos",
    "next_waiting",
    "promised_photo",
    "receive_photo",
    "record_derived",
    "record_visit",
    "sealed_reports_of",
    "visit_with_parts",
    "visits_page",
]
