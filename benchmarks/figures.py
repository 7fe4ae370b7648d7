"""What a bench says: figures with their targets, as one table or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

Rounds = dict[str, list[float]]
"""What was measured, by contender: one figure a round."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; without a target it is there to compare with."""

    bench: str
    what: str
    value: float | None
    unit: str
    target: float | None = None
    better: Literal["at most", "at least"] = "at most"
    note: str = ""

    @property
    def verdict(self) -> str:
        """`met`, `missed`, `skipped`, or nothing where there is no target."""
        if self.value is None:
            return "skipped"
        if self.target is None:
            return ""
        is_met = self.value <= self.target
        if self.better == "at least":
            is_met = self.value >= self.target
        return "met" if is_met else "missed"

    def as_json(self) -> dict[str, Any]:
        """The figure and its verdict."""
        names = ("bench", "what", "value", "unit", "target", "better", "note", "verdict")
        return {name: getattr(self, name) for name in names}

    def cells(self) -> tuple[str, ...]:
        """The columns of the table."""
        target = "" if self.target is None else f"{self.better} {self.target:g}"
        value = "" if self.value is None else f"{self.value:,.2f} {self.unit}"
        return (self.bench, self.what, value, target, self.verdict, self.note)


def table(figures: Sequence[Figure]) -> str:
    """All figures as plain text, one a line."""
    header = ("bench", "figure", "value", "target", "", "")
    rows = [header, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if number == 2 else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def interleaved(
    contenders: Mapping[str, Callable[[], float]], rounds: int, told: Callable[[str], None]
) -> Rounds:
    """Measure all contenders round by round, each round beginning with another one."""
    measured: Rounds = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            measured[name].append(contenders[name]())
            told(f"round {number + 1}/{rounds}: {name}: {measured[name][-1]:.2f}")
    return measured


def ratio(measured: Rounds, name: str, floor: Sequence[float]) -> float:
    """The median of the ratios of each round to the same round's floor."""
    return median(mine / below for mine, below in zip(measured[name], floor, strict=True))


def spread(values: Sequence[float]) -> str:
    """From the best round to the worst."""
    return f"{min(values):.2f} to {max(values):.2f} in {len(values)} rounds"
