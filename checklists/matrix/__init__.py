"""Touchpoint x brand: what the approved checks of a wave say, how sure it is, and what is still missing. Reads only."""

from checklists.matrix.cells import CriterionFigures, approved_counts, cell_criteria, uncounted_checks
from checklists.matrix.whole import Cell, Matrix, MatrixBrand, MatrixRow, touchpoint_matrix

__all__ = [
    "Cell",
    "CriterionFigures",
    "Matrix",
    "MatrixBrand",
    "MatrixRow",
    "approved_counts",
    "cell_criteria",
    "touchpoint_matrix",
    "uncounted_checks",
]
