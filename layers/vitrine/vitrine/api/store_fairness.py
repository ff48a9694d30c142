"""Refuse protected attributes (store.yaml) where they would decide who gets an offer or what prices are shown.

Conditions are told whole, with the audiences and personas in them. What only words promise cannot be seen here: that is
what `offer: true` is for.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from vitrine.api.store_actions import ActionFile, RowFile, SelectorFile, SortFile, StrategyFile
from vitrine.api.store_campaigns import CampaignFile, ExperimentFile
from vitrine.api.store_compile_rows import Variables
from vitrine.api.store_faults import Place
from vitrine.api.store_scope import Scope
from vitrine.decisions.candidates import RELATIVE
from vitrine.rules.conditions import Condition

PRICED_TERMS: Final = ("cheapness", "discount")
"""Terms of a row's blend that prices always make."""
REDUCED: Final = ("discounted", "category_discounted", "persona_discounted")
"""Lists of what is reduced; the first is also the shelf of any category (discounted@PATH)."""

_RULE: Final = "protected attributes (store.yaml) may not decide prices"


class PriceUse(NamedTuple):
    """A place of the files where prices decide what is shown. `said` ends before the visitors it is for."""

    at: Place
    said: str
    hint: str


def check_fairness(
    file: CampaignFile,
    actions: Sequence[tuple[ActionFile, Place]],
    condition: Condition | None,
    variables: Variables,
    scope: Scope,
    at: Place,
) -> None:
    """Refuse a campaign in which protected attributes decide an offer or prices; `actions` with their places.

    A countdown and a wheel are offers whatever they say: time and luck are given to some and not to others.
    """
    by_condition = _protected(condition.paths if condition is not None else (), scope)
    by_experiment = _protected(_divided_by(file), scope)
    mechanic = next((action.overlay.mechanic for action, _ in actions if action.overlay and action.overlay.is_live), "")
    if file.offer or mechanic:
        by_template = _protected((variable.path for variable in variables.values()), scope)
        said = "is an offer" if file.offer else f"has a {mechanic}, which counts as an offer"
        remedy = "choose others, or drop 'offer'" if file.offer and not mechanic else "choose others"
        hint = f"protected attributes (store.yaml) may not decide who gets an offer: {remedy}"
        for found, what in ((by_condition, "a condition"), (by_experiment, "an experiment"), (by_template, "a text")):
            if found:
                scope.refuse(at, f"{said}, and {what} of it looks at {found}", hint)
        return
    whom = [f"visitors chosen by {by_condition}"] if by_condition else []
    whom += [f"visitors whom an experiment divides by {by_experiment}"] if by_experiment else []
    terms = _priced_terms(scope)
    for use in (use for action, place in actions for use in price_uses(action, terms, place)):
        for visitors in whom:
            scope.refuse(use.at, f"{use.said} {visitors}", f"{_RULE}: {use.hint}, or choose by others")


def check_rule_fairness(selector: SelectorFile | None, condition: Condition | None, scope: Scope, at: Place) -> None:
    """Refuse a merchandising rule that selects by price for visitors whom a protected attribute chooses."""
    found = _protected(condition.paths if condition is not None else (), scope)
    if found and selector is not None and selector.looks_at_price():
        scope.refuse(at, f"chooses goods by price for visitors chosen by {found}", f"{_RULE}: choose others")


def price_uses(file: ActionFile, terms: Collection[str], at: Place) -> Iterator[PriceUse]:
    """Where prices decide what an action shows: the goods of its rows, or the order of a listing.

    `terms` are those of a blend that prices make.
    """
    if file.products is not None:
        yield from _of_row(file.products, terms, (*at, "products"))
    if file.overlay is not None and file.overlay.products is not None:
        yield from _of_row(file.overlay.products, terms, (*at, "overlay", "products"))
    if file.sort is not None:
        yield from _of_sort(file.sort, (*at, "sort"))


def _of_row(file: RowFile, terms: Collection[str], at: Place) -> Iterator[PriceUse]:
    yield from _of_selector(file.items, (*at, "items"))
    for name, weight in file.blend.items():
        if name in terms and weight:
            yield PriceUse((*at, "blend", name), f"blends {name} into the score for", f"take {name} out of blend")
    for index, way in enumerate(file.strategies):
        yield from _of_strategy(way, (*at, "strategies", index))


def _of_strategy(file: StrategyFile, at: Place) -> Iterator[PriceUse]:
    yield from _of_selector(file.items, (*at, "items"))
    for index, name in enumerate(file.lists):
        if _is_priced(name):
            yield PriceUse((*at, "from", index), f"draws from {name!r}, a list that prices make, for", "take it out")
    if file.price != "any":
        yield PriceUse((*at, "price"), f"shows goods {file.price} than the page's to", "take 'price' out")


def _of_sort(file: SortFile, at: Place) -> Iterator[PriceUse]:
    if _is_priced(file.order):
        yield PriceUse((*at, "order"), f"orders a listing by {file.order!r} for", "order it by another list")


def _of_selector(file: SelectorFile | None, at: Place) -> Iterator[PriceUse]:
    if file is not None and file.looks_at_price():
        yield PriceUse(at, "shows goods chosen by price to", "select by something else")


def _priced_terms(scope: Scope) -> tuple[str, ...]:
    """The terms of blends that prices make; season is one where the goods of a season are selected by price."""
    seasons = () if scope.emphasis is None else scope.emphasis.seasons.values()
    return (*PRICED_TERMS, "season") if any(goods.looks_at_price() for goods in seasons) else PRICED_TERMS


def _is_priced(name: str) -> bool:
    return name.partition("@")[0] in REDUCED or name.rpartition("_")[0] in RELATIVE


def _divided_by(file: CampaignFile) -> list[str]:
    """What an experiment hashes. `forced_for` holds values of the same attribute."""
    if file.variations is None:
        return []
    experiment = file.experiment or ExperimentFile()
    return [path for path in (experiment.attribute, experiment.fallback_attribute) if path is not None]


def _protected(paths: Iterable[str], scope: Scope) -> str:
    """Those of the paths that are protected, '' when none is."""
    return ", ".join(sorted(scope.sensitive & set(paths)))
