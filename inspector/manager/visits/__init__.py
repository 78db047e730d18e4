"""Visits: the list of them, one visit with all that is known of it, what is decided on it, and its corrections."""

from inspector.manager.visits import alike, corrections, index, page, review
from inspector.manager.visits.place import PRACTICE_KINDS, VISIT_STATES, blueprint

__all__ = ["PRACTICE_KINDS", "VISIT_STATES", "alike", "blueprint", "corrections", "index", "page", "review"]
