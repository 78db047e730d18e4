"""The demo's checklists, one file each. Texts and settings only."""

from inspector.demo.checklists.appearance import APPEARANCE
from inspector.demo.checklists.call import CALL, CALL_REVISED
from inspector.demo.checklists.employees import EMPLOYEES
from inspector.demo.checklists.opening import OPENING
from inspector.demo.checklists.request import REQUEST
from inspector.demo.checklists.visit import VISIT

__all__ = ["APPEARANCE", "CALL", "CALL_REVISED", "EMPLOYEES", "OPENING", "REQUEST", "VISIT"]
