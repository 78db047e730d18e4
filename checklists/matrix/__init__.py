"""Touchpoint x brand: what the approved checks of a wave say, how sure it is, and what is still missing. Reads only."""

from checklists.matrix.cells import CriterionFigures, approved_counts, cell_criteria, uncounted_checks
from checklists.matrix.coverage import (
    Coverage,
    CoverageCell,
    CoverageRow,
    OutletCoverage,
    Standing,
    coverage_of,
)
from checklists.matrix.fieldwork import Alone, Spread, Waiting, fieldwork_of, held_by_assignment
from checklists.matrix.settling import AT_A_TIME, QUIET, settle
from checklists.matrix.tallies import DERIVED
from checklists.matrix.whole import Cell, Matrix, MatrixBrand, MatrixRow, touchpoint_matrix

__all__ = [
    "AT_A_TIME",
    "DERIVED",
    "QUIET",
    "Alone",
    "Cell",
    "Coverage",
    "CoverageCell",
    "CoverageRow",
    "CriterionFigures",
    "Matrix",
    "MatrixBrand",
    "MatrixRow",
    "OutletCoverage",
    "Spread",
    "Standing",
    "Waiting",
    "approved_counts",
    "cell_criteria",
    "coverage_of",
    "fieldwork_of",
    "held_by_assignment",
    "settle",
    "touchpoint_matrix",
    "uncounted_checks",
]
