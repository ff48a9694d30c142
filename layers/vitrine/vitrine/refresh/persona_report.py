"""What personas are worth: whether they reach everybody, and whether who is in them behaves differently.

A persona that nobody falls into, or whose visitors shop like everybody else, should be redefined: it costs campaigns
and tells nothing. Whether they also react differently to campaigns only running campaigns can tell.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.refresh.differences import Difference, difference
from vitrine.refresh.report import BarFigure, Section, TableFigure, Tone
from vitrine.refresh.segments import Segments
from vitrine.refresh.snapshots import Snapshot
from vitrine.types import VisitorId
from vitrine.values import dataclass

Doubles = NDArray[np.float64]

SEED: Final = 20170101
MEASURES: Final = ("basket in minor units", "baskets in 28 days", "share of discounted lines", "categories")
MIN_MEMBERS: Final = 10
"""Of smaller personas nothing is said."""
TOP: Final = 3
NARROW: Final = 0.02
"""A persona of a smaller share of the visitors is too narrow to begin with."""


@dataclass(frozen=True, slots=True)
class PersonaFacts:
    """One persona: how many are in it, the means of MEASURES and how they differ from others', first categories."""

    name: str
    visitors: int
    share: float
    means: Sequence[float | None]
    differences: Sequence[Difference]
    categories: Sequence[str]

    @property
    def verdict(self) -> str:
        """What to do about it."""
        if self.visitors < MIN_MEMBERS:
            return "nobody to speak of: redefine"
        if not any(each.matters for each in self.differences):
            return "does not differ: redefine"
        return "differs, but is narrow" if self.share < NARROW else "differs"


@dataclass(frozen=True, slots=True)
class PersonaReport:
    """All personas of a store. `known` are all visitors, `overall` the differences between all personas together."""

    known: int
    covered: int
    personas: Sequence[PersonaFacts]
    overall: Sequence[Difference]
    unknowable: Sequence[str]

    @property
    def coverage(self) -> float:
        """Share of the known visitors with a persona."""
        return self.covered / self.known if self.known else 0.0

    @property
    def catch_all(self) -> float:
        """Share of the visitors who fell to the last persona."""
        return self.personas[-1].share if self.personas else 0.0


def report_personas(
    names: Sequence[str],
    found: Mapping[VisitorId, str],
    known: Sequence[VisitorId],
    snapshot: Snapshot,
    segments: Segments,
    unknowable: Sequence[str],
) -> PersonaReport:
    """The personas in the order in which they are tried. Behaviour is that of the snapshot's visitors."""
    values = measures_of(snapshot)
    groups = [found.get(visitor, "") for visitor in snapshot.visitors]
    overall = [difference(column, groups, SEED) for column in values]
    of_all = _first_categories(segments, snapshot.visitors)
    sizes = Counter(found.values())
    facts = [
        _facts(
            name, sizes[name], len(known), values, groups, _first_categories(segments, _members(found, name)), of_all
        )
        for name in names
    ]
    return PersonaReport(len(known), sum(sizes.values()), facts, overall, unknowable)


def measures_of(snapshot: Snapshot) -> list[Doubles]:
    """MEASURES of the snapshot's visitors, [n] each."""
    columns = snapshot.columns
    per_month = columns["baskets"] / np.maximum(columns["tenure"], 28.0) * 28.0
    return [snapshot.own_value, per_month, columns["discount_share"], columns["categories"]]


def _facts(
    name: str,
    n: int,
    n_known: int,
    values: Sequence[Doubles],
    groups: Sequence[str],
    first: Counter[str],
    of_all: Counter[str],
) -> PersonaFacts:
    inside = np.array([group == name for group in groups], bool)
    sides = ["in" if each else "out" for each in inside.tolist()]
    means = [float(np.nanmean(column[inside])) if inside.any() else None for column in values]
    found = [difference(column, sides, SEED) for column in values]
    return PersonaFacts(name, n, n / n_known if n_known else 0.0, means, found, _special(first, of_all))


def _members(found: Mapping[VisitorId, str], name: str) -> list[VisitorId]:
    return [visitor for visitor, persona in found.items() if persona == name]


def _first_categories(segments: Segments, visitors: Sequence[VisitorId]) -> Counter[str]:
    leanings = (segments.affinities.get(visitor, {}).get("category") for visitor in visitors)
    return Counter(leaning.name for leaning in leanings if leaning is not None)


def _special(first: Counter[str], of_all: Counter[str]) -> list[str]:
    """The first categories that are more frequent among some visitors than among all, most so first."""
    n, n_all = max(first.total(), 1), max(of_all.total(), 1)
    lifts = {name: (count + 5.0) / (of_all[name] / n_all * n + 5.0) for name, count in first.items()}
    return [f"{name} (x{lifts[name]:.1f})" for name in sorted(lifts, key=lambda name: (-lifts[name], name))[:TOP]]


def persona_section(report: PersonaReport) -> Section:
    """Coverage, shares, behaviour, and what to redefine."""
    dull = [one.name for one in report.personas if "redefine" in one.verdict]
    names = [one.name for one in report.personas]
    shares = BarFigure(
        "Share of the visitors", names, {"visitors": [100.0 * one.share for one in report.personas]}, "%"
    )
    return Section(
        "Personas", _verdict(report, dull), [shares, _behaviour(report), _tested(report)], _tone(report, dull)
    )


def _tone(report: PersonaReport, dull: Sequence[str]) -> Tone:
    if report.covered < report.known:
        return "bad"
    return "warning" if dull else "good"


def _verdict(report: PersonaReport, dull: Sequence[str]) -> str:
    told = f"{report.coverage:.1%} of {report.known:,} visitors have a persona, {report.catch_all:.0%} the last one."
    told += f" Redefine {', '.join(dull)}." if dull else " All of them behave differently."
    if report.unknowable:
        told += f" Only a visit could tell {', '.join(report.unknowable)}: on a page more visitors may fit."
    return told


def _behaviour(report: PersonaReport) -> TableFigure:
    heads = ["persona", "visitors", *MEASURES, "first categories beyond all others'", "verdict"]
    rows = [[one.name, one.visitors, *one.means, ", ".join(one.categories), one.verdict] for one in report.personas]
    caption = (
        "Behaviour by persona (means). What a persona is made of differs by construction; that others of these do is "
        "worth more"
    )
    return TableFigure(caption, heads, rows)


def _tested(report: PersonaReport) -> TableFigure:
    rows = [
        [measure, each.eta2, each.p, "differs" if each.matters else "does not differ"]
        for measure, each in zip(MEASURES, report.overall, strict=True)
    ]
    heads = ["measure", "eta squared of the ranks", "p (permutations)", "verdict"]
    return TableFigure("Do the personas differ from each other?", heads, rows)
