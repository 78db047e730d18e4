"""Checklists: their list, their versions, and the editor of a draft."""

from inspector.manager.checklists import criteria, lists, parts, sections, settings, versions
from inspector.manager.checklists.place import blueprint

__all__ = ["blueprint", "criteria", "lists", "parts", "sections", "settings", "versions"]
