"""Waves: what each consists of, its required checks, its plan, its assignments, and how far it is filled."""

from inspector.manager.waves import assignments, contents, coverage, plan, required
from inspector.manager.waves.place import blueprint

__all__ = ["assignments", "blueprint", "contents", "coverage", "plan", "required"]
