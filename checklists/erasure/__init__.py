"""Erasure, the one exception to "nothing is rewritten": what the law asks to forget goes, and a tombstone stays."""

from checklists.erasure.people import Traces, erase_device_traces, erase_login, erase_person, traces_of
from checklists.erasure.photos import erase_photos
from checklists.erasure.retention import erase_outdated
from checklists.erasure.tables import Erasure, ErasureKind
from checklists.erasure.tombstones import Tombstone, tombstones_of
from checklists.erasure.visits import erase_staff, erase_visit

__all__ = [
    "Erasure",
    "ErasureKind",
    "Tombstone",
    "Traces",
    "erase_device_traces",
    "erase_login",
    "erase_outdated",
    "erase_person",
    "erase_photos",
    "erase_staff",
    "erase_visit",
    "tombstones_of",
    "traces_of",
]
