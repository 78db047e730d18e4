"""What was there and what arrived: for each table the number of its rows and a digest of all of them, for the photos
likewise, with the SHA-256 of the bytes as they are read back.

The digest is the sum of the lines' SHA-256 modulo 2^256: it does not ask for an order, which two kinds of database
would give differently, and a line that is missing, added or changed changes it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_MODULUS = 1 << 256
_SHOWN_DIGITS = 16


@dataclass(slots=True)
class Tally:
    """How many lines, and the digest of them all."""

    number: int = 0
    _sum: int = 0

    def add(self, line: bytes) -> None:
        self.number += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(line).digest())) % _MODULUS

    @property
    def digest(self) -> str:
        return f"{self._sum:064x}"

    def as_data(self) -> dict[str, Any]:
        return {"number": self.number, "digest": self.digest}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Tally":
        """Raises KeyError, TypeError, ValueError where it is none."""
        return cls(int(data["number"]), int(data["digest"], 16))


@dataclass(slots=True)
class Proof:
    """The tallies of one installation by what they count: the tables by name, "photos" and "smaller photos"."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    """Keys of photos whose bytes were missing or changed already where they should have been copied from."""

    def tally(self, name: str) -> Tally:
        return self.tallies.setdefault(name, Tally())

    def as_data(self) -> dict[str, Any]:
        return {"tallies": {name: tally.as_data() for name, tally in self.tallies.items()}, "lost": self.lost}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Proof":
        """Raises KeyError, TypeError, ValueError, AttributeError where it is none."""
        return cls(
            {str(name): Tally.from_data(each) for name, each in data["tallies"].items()}, [str(k) for k in data["lost"]]
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two proofs side by side."""

    source: Proof
    target: Proof

    @property
    def differing(self) -> list[str]:
        """What is not the same on both sides."""
        return [name for name in self._names if self._of(self.source, name) != self._of(self.target, name)]

    @property
    def lines(self) -> list[str]:
        """The proof as a table for a terminal."""
        width = max(map(len, self._names), default=0)
        shown = [f"{'':<{width}}  {'source':>12}  {'target':>12}  digest"]
        for name in self._names:
            source, target = self._of(self.source, name), self._of(self.target, name)
            words = source.digest[:_SHOWN_DIGITS] if source == target else "DIFFERS"
            shown.append(f"{name:<{width}}  {source.number:>12,}  {target.number:>12,}  {words}")
        return shown

    @property
    def _names(self) -> list[str]:
        return list(dict.fromkeys((*self.source.tallies, *self.target.tallies)))

    @staticmethod
    def _of(proof: Proof, name: str) -> Tally:
        return proof.tallies.get(name, Tally())
