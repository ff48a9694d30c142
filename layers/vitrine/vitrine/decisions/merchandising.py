"""Merchandising rules: what the merchant wants in a row beside what the ranker finds."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from vitrine.decisions.actions import Lookup, Payload
from vitrine.decisions.candidates import Candidates, Floats, Mask
from vitrine.decisions.selection import Selector
from vitrine.rules.conditions import Condition
from vitrine.types import ItemId
from vitrine.values import dataclass, field

RuleKind = Literal["pin", "boost", "bury", "only", "exclude", "slots", "sponsored"]

BLEND: Final = ("margin", "discount", "newness", "popularity", "cheapness", "availability", "season", "warehouse")
"""Terms of a row's business blend, each standardised over the row's candidates: margin and discount as shares,
newness exp(-age / 60 days), popularity as log units, cheapness minus log price, availability regions in stock, season 1
for what the store declares for the present one, warehouse the highest priority among the regions in stock."""

NEWNESS_DAYS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of merchandising.yaml. `placements` None: every row of products.

    pin: each of `pinned` into the slot at its place in `slots`, whatever the row's lists and only-rules; not what is
    out of stock, at hand, bought lately, hidden or excluded. (Of an item that no list of the page names only the card
    tells: an exclusion by brand, margin, age or popularity does not see it.) boost, bury: `weight` standard deviations
    of the row's scores, up or down. only, exclude: keep or drop what `items` select. slots: `slots` hold items of the
    selection, best first. sponsored: at most `per_row` items of the selection into `slots`, at most `per_session` in a
    session, each with the label; they have to be candidates like all others, because an ad that fits nobody costs more
    than it brings.
    """

    name: str
    kind: RuleKind
    items: Selector = field(default_factory=Selector)
    placements: frozenset[str] | None = None
    condition: Condition | None = None
    starts_ms: int | None = None
    ends_ms: int | None = None
    pinned: tuple[ItemId, ...] = ()
    weight: float = 0.0
    slots: tuple[int, ...] = ()
    per_row: int = 1
    per_session: int | None = None
    label: Payload | None = None
    sponsor: str | None = None


@dataclass(frozen=True, slots=True)
class Emphasis:
    """What the store declares for blends, as it holds for one page view.

    `in_season` selects the goods of the present season; None when it is not known or has none: then the term prefers
    nothing. `warehouses` are priorities 0..1 in the order of the regions' stock bits; a bit beyond them has 0.
    """

    in_season: Selector | None = None
    warehouses: Sequence[float] = ()


NO_EMPHASIS: Final = Emphasis()


def emphasis_now(seasons: Mapping[str, Selector], warehouses: Sequence[float], facts: Lookup) -> Emphasis:
    """What of the store's declarations holds for a page view; the season is asked for only where goods have one."""
    season = facts("time.season") if seasons else None
    return Emphasis(None if season is None else seasons.get(season), warehouses)


def active_rules(
    rules: Iterable[Rule], facts: Lookup, now_ms: int, placements: Collection[str] | None = None
) -> list[Rule]:
    """The rules that hold for one page view, in their order: scheduled now, condition met.

    With `placements`, those that concern none of them are left out unasked.
    """
    return [
        rule
        for rule in rules
        if (placements is None or concerns(rule, placements))
        and (rule.starts_ms is None or rule.starts_ms <= now_ms)
        and (rule.ends_ms is None or now_ms < rule.ends_ms)
        and (rule.condition is None or rule.condition.matches(facts))
    ]


def concerns(rule: Rule, placements: Collection[str]) -> bool:
    """Whether a rule speaks of any of these placements."""
    return rule.placements is None or any(name in rule.placements for name in placements)


def standardise(values: NDArray[Any], among: Mask) -> Floats:
    """Values as standard deviations from the mean of those `among`: float32 [n].

    Where they do not differ all are 0. A value that is missing (NaN, infinite) stays missing: NaN.
    """
    wide = values.astype(np.float64)
    known = np.isfinite(wide)
    sample = wide[known & among]
    if not len(sample) or sample.min() == sample.max():
        return np.where(known, 0.0, np.nan).astype(np.float32)
    mean = sample.mean()
    deviation = np.sqrt(np.square(sample - mean).mean())
    return np.where(known, (wide - mean) / deviation, np.nan).astype(np.float32)


def business_value(
    candidates: Candidates, among: Mask, blend: Mapping[str, float], emphasis: Emphasis = NO_EMPHASIS
) -> Floats:
    """The weighted sum of BLEND terms, each standardised over the candidates `among`: float32 [n].

    A term that is not known of an item counts as average.
    """
    total = np.zeros(len(candidates), np.float32)
    for name, weight in blend.items():
        total += np.float32(weight) * np.nan_to_num(standardise(_term(candidates, name, emphasis), among))
    return total


def _term(candidates: Candidates, name: str, emphasis: Emphasis) -> NDArray[Any]:
    item = candidates.item
    term: NDArray[Any]
    match name:
        case "newness":
            term = np.exp(item["age_days"] / -NEWNESS_DAYS)
        case "cheapness":
            term = -np.log(np.maximum(item["price"], 1))
        case "availability":
            term = np.bitwise_count(item["regions"])
        case "season":
            selected = emphasis.in_season
            term = np.zeros(len(candidates), np.bool_) if selected is None else selected.mask(candidates)
        case "warehouse":
            term = _highest_priority(item["regions"], emphasis.warehouses)
        case _:
            term = item[name]
    return term


def _highest_priority(regions: NDArray[np.uint32], priorities: Sequence[float]) -> Floats:
    """The highest priority among the regions that have an item, 0 where none has: float32 [n]."""
    highest: Floats = np.zeros(len(regions), np.float32)
    for bit, priority in enumerate(priorities):
        stocked = regions >> np.uint32(bit) & np.uint32(1)
        np.maximum(highest, stocked * np.float32(priority), out=highest)
    return highest
