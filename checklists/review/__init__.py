"""What a manager decides on a visit, and what a reviewer corrects in it."""

from checklists.review.corrections import (
    FAULTS,
    Content,
    content_of,
    correct,
    corrected_answers,
    corrections_of,
)
from checklists.review.decisions import Note, approve, reject, reopen, reviews_of, send_back
from checklists.review.held import checklist_of, open_places, put_right
from checklists.review.history import Event, Happening, history_of
from checklists.review.practices import Practice, best_practices_of, practices_by_visit
from checklists.review.queue import Queue, review_queue
from checklists.review.tables import Correction, Decision, Review

__all__ = [
    "FAULTS",
    "Content",
    "Correction",
    "Decision",
    "Event",
    "Happening",
    "Note",
    "Practice",
    "Queue",
    "Review",
    "approve",
    "best_practices_of",
    "checklist_of",
    "content_of",
    "correct",
    "corrected_answers",
    "corrections_of",
    "history_of",
    "open_places",
    "practices_by_visit",
    "put_right",
    "reject",
    "reopen",
    "review_queue",
    "reviews_of",
    "send_back",
]
