"""Waves: what each consists of, its required checks, its plan, and the assignments that are handed out from it."""

from inspector.manager.waves import contents, plan, required
from inspector.manager.waves.place import blueprint

__all__ = ["blueprint", "contents", "plan", "required"]
