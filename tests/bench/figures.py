"""One measured value, and how it is printed."""

from dataclasses import dataclass

HEADING = f"{'':<72}{'measured':>16}{'goal':>8}{'known':>8}{'floor':>10}{'ratio':>8}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `goal` and `known` (the best known open program) are in the same unit, and so is `floor`, the
    bare work in the same run; `ratio` = value / floor.
    """

    what: str
    value: float
    unit: str
    goal: float | None = None
    known: float | None = None
    floor: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.floor else None

    @property
    def line(self) -> str:
        value = f"{self.value:,.1f} {self.unit:<6}"
        beside = [f"{each:,.0f}" if each is not None else "" for each in (self.goal, self.known, self.floor)]
        ratio = f"{self.ratio:.2f}" if self.ratio else ""
        return f"{self.what:<72}{value:>16}{beside[0]:>8}{beside[1]:>8}{beside[2]:>10}{ratio:>8}"
