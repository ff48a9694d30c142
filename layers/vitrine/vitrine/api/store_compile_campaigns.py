"""Campaigns of the files compiled: who sees what, under which caps, in which experiment."""

from collections.abc import Iterator, Mapping
from typing import Final

from vitrine.api.store_actions import ActionFile
from vitrine.api.store_campaigns import BudgetFile, CampaignFile, CapFile
from vitrine.api.store_compile_experiments import compile_experiment
from vitrine.api.store_compile_overlays import check_overlay
from vitrine.api.store_compile_rows import Variables, compile_action, payloads_of
from vitrine.api.store_fairness import check_fairness
from vitrine.api.store_faults import Place
from vitrine.api.store_possible import impossible
from vitrine.api.store_scope import Scope, compile_schedule
from vitrine.api.store_templates import check_templates, compile_variables
from vitrine.decisions.campaigns import Budget, Campaign, Cap, Variation
from vitrine.rules.conditions import Condition
from vitrine.types import DAY_MS

ONLY_VARIATION: Final = "default"
"""Name of what a campaign without variations shows."""

_HOUR_MS: Final = DAY_MS // 24
_PERIODS_MS: Final[Mapping[str, int | None]] = {"day": DAY_MS, "week": 7 * DAY_MS, "ever": None}
_VIEWS_PER_SHARD: Final = 10_000  # of a budget; a row of DynamoDB takes 1,000 writes a second
_MAX_SHARDS: Final = 16


def compile_campaign(name: str, file: CampaignFile, scope: Scope) -> Campaign:
    """The campaign. What is wrong is refused and left as it can be, so that all else in it is looked at, too."""
    at: Place = ("campaigns", name)
    variables = compile_variables(file.variables, scope, (*at, "variables"))
    span = compile_schedule(file.schedule, scope, (*at, "schedule"))
    condition = scope.conditions.of_one(file.audience, file.when, at)
    if scope.checking:
        _check_placements(file, condition, scope, at)
        check_fairness(file, _actions(file, at), condition, variables, scope, at)
        for action, start in _actions(file, at):
            if action.overlay is not None:
                check_overlay(action.overlay, span.ends_ms, scope, (*start, "overlay"))
        parts = {
            place: part for action, start in _actions(file, at) for place, part in payloads_of(action, start).items()
        }
        check_templates(parts, variables, scope.refuse, (*at, "variables"))
    return Campaign(
        name=name,
        placements=scope.known_placements(file.placements, (*at, "placements")),
        variations=tuple(_variations(file, variables, scope, at)),
        priority=file.priority,
        condition=condition,
        pages=None if file.pages is None else frozenset(file.pages),
        starts_ms=span.starts_ms,
        ends_ms=span.ends_ms,
        group=file.group,
        caps=tuple(compile_cap(cap) for cap in file.caps),
        budget=None if file.budget is None else compile_budget(file.budget, scope.store.timezone),
        control=file.control,
        needs=frozenset(file.needs),
        experiment=compile_experiment(name, file, scope, (*at, "experiment")),
        offer=file.offer,
    )


def compile_cap(file: CapFile) -> Cap:
    """The cap, its period in milliseconds."""
    if file.per == "session":
        return Cap(file.views, "session")
    if file.per in _PERIODS_MS:
        return Cap(file.views, "period", _PERIODS_MS[file.per])
    unit_ms = DAY_MS if file.per.endswith("d") else _HOUR_MS
    return Cap(file.views, "period", int(file.per[:-1]) * unit_ms)


def compile_budget(file: BudgetFile, timezone: str) -> Budget:
    """The budget, spread over as many counters as its size calls for. Its days and weeks are those of the zone."""
    shards = file.shards or max(1, min(_MAX_SHARDS, file.views // _VIEWS_PER_SHARD))
    return Budget(file.views, None if file.per == "total" else file.per, shards, timezone)


def _actions(file: CampaignFile, at: Place) -> list[tuple[ActionFile, Place]]:
    if file.variations is None:
        return [(file, at)]
    return [(action, (*at, "variations", name)) for name, action in file.variations.items()]


def _variations(file: CampaignFile, variables: Variables, scope: Scope, at: Place) -> Iterator[Variation]:
    names = (ONLY_VARIATION,) if file.variations is None else tuple(file.variations)
    for name, (action, place) in zip(names, _actions(file, at), strict=True):
        yield Variation(name, compile_action(action, variables, scope, place))


def _check_placements(file: CampaignFile, condition: Condition | None, scope: Scope, at: Place) -> None:
    """Refuse a campaign on pages where none of its placements is, under a condition that nobody can fulfil there, and
    actions that a placement cannot show."""
    placements = {name: known for name in file.placements if (known := scope.placements.get(name)) is not None}
    pages = {page for placement in placements.values() for page in placement.pages}
    if file.pages is not None and placements and not pages & set(file.pages):
        said = f"none of its placements is on a page of type {' or '.join(file.pages)}"
        scope.refuse((*at, "pages"), said, f"its placements are on: {', '.join(sorted(pages))}")
    for said, hint in () if condition is None else impossible(condition, pages & set(file.pages or pages)):
        scope.refuse((*at, "when" if file.when is not None else "audience"), said, hint)
    for action, place in _actions(file, at):
        for name, placement in placements.items():
            own, kind = placement.kinds[0], action.kinds[0]
            if (own == "sort" and kind not in ("sort", "none")) or (kind == "sort" and own not in ("sort", "none")):
                said = f"shows {kind}, but {name} is there for {own}"
                scope.refuse((*place, kind), said, "a listing is put in order where its placement has sort or none")
