"""What one run measured, and what follows from it: what is usable, what wins, what holding does."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean

from benchmarks.directions.measure import Reaction
from benchmarks.directions.subjects import RANDOM
from benchmarks.directions.truth import Nearness

STRAIGHT = 0.95  # R² of the line through the mean response
USABLE = 0.5  # share of the factor's largest slope below which a direction is not one of its own
MOVES = 0.1  # slope from which a direction moves its factor at all, so that shares of it mean something
SHIPPED, ALL = TOGETHER = ("shipped", "all methods")  # groups of directions, beside those of one method
HALF, KEPT = 0.5, 0.8  # at most of the others' change, at least of the target's, while others are held
NEARER = 0.8  # share of portraits, for the factors of MUST_BE_NEARER
MUST_BE_NEARER = ("smile", "glasses", "yaw", "skin_tone")


@dataclass(frozen=True)
class Result:
    """One direction: where it comes from, what it does, and how near it comes to the truth."""

    factor: str
    method: str
    held: bool
    shipped: bool  # made by the method of the built-in directions
    gain: float  # σ of the direction for one σ of the factor
    response: Reaction
    nearness: Nearness


@dataclass(frozen=True)
class Holding:
    """What holding the others leaves of a method's mean changes, over the factors that it moves."""

    method: str
    count: int  # of directions that move their factor
    others: float  # share that is left of the others' change for one σ of target change
    drift: float  # the same of their drift
    kept: float  # share that is left of the target change for one σ of strength

    @property
    def met(self) -> bool:
        """Halves the one and keeps the other."""
        return self.others <= HALF and self.kept >= KEPT


@dataclass(frozen=True)
class Results:
    """All directions of one run."""

    entries: list[Result]

    def of(self, factor: str, method: str, held: bool = False) -> Result | None:
        """The one entry, if there is one."""
        found = (e for e in self.entries if (e.factor, e.method, e.held) == (factor, method, held))
        return next(found, None)

    @property
    def factors(self) -> list[str]:
        """In the order measured."""
        return list(dict.fromkeys(entry.factor for entry in self.entries))

    @property
    def methods(self) -> list[str]:
        """All but the control."""
        return list(dict.fromkeys(entry.method for entry in self.entries if entry.method != RANDOM))

    def shipped(self, held: bool = False) -> list[Result]:
        """The directions of the kinds that ship, one a factor."""
        return [entry for entry in self.entries if entry.shipped and entry.held == held]

    def true_edits(self, factor: str) -> list[Nearness]:
        """How near the shipped directions come to the factor's true edits, kind by kind if it has kinds."""
        shipped = self.shipped()
        kinds = [entry.nearness for entry in shipped if entry.factor.startswith(f"{factor}:")]
        return kinds or [entry.nearness for entry in shipped if entry.factor == factor]

    def usable(self, entry: Result) -> bool:
        """Whether it is a direction of its factor: straight, and not much flatter than the steepest."""
        rivals = [e for e in self.entries if e.factor == entry.factor and e.method != RANDOM]
        steepest = max(rival.response.slope for rival in rivals)
        return entry.response.slope >= USABLE * steepest and entry.response.straightness >= STRAIGHT

    def winner(self, factor: str, held: bool) -> str | None:
        """Of the usable methods the one that changes the others least for the same target change."""
        rivals = [e for e in self.entries if (e.factor, e.held) == (factor, held) and e.method != RANDOM]
        usable = [entry for entry in rivals if self.usable(entry)]
        return min(usable, key=lambda e: e.response.others_per_target).method if usable else None

    @property
    def holdings(self) -> list[Holding]:
        """What holding does to the directions that ship, to each method, and to all methods together."""
        groups: dict[str, list[Result]] = {name: [] for name in (SHIPPED, *self.methods, ALL)}
        for entry in self.entries:
            if entry.method != RANDOM:
                for name in (entry.method, ALL, *([SHIPPED] if entry.shipped else [])):
                    groups[name].append(entry)
        found = [self._holding(name, entries) for name, entries in groups.items()]
        return [holding for holding in found if holding]

    def _holding(self, name: str, entries: list[Result]) -> Holding | None:
        pairs = []
        for free in entries:
            held = self.of(free.factor, free.method, held=True)
            if not free.held and held and free.response.slope >= MOVES:
                pairs.append((free.response, held.response))
        if not pairs:
            return None
        return Holding(
            method=name,
            count=len(pairs),
            others=_left([(free.others_per_target, held.others_per_target) for free, held in pairs]),
            drift=_left([(free.drift_per_target, held.drift_per_target) for free, held in pairs]),
            kept=_left([(free.slope, held.slope) for free, held in pairs]),
        )


def _left(pairs: list[tuple[float, float]]) -> float:
    """The mean while others are held, as a share of the mean while nothing is."""
    free, held = (mean(column) for column in zip(*pairs, strict=True))
    return float(held / free)
