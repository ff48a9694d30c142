"""What a refresh says of its lists: whom they reach, what stands behind them, how varied and how new they are."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.packed import PERSONAL_COLUMNS, RELATION_COLUMNS, SHELF_COLUMNS, pack
from vitrine.refresh.list_quality import TOP, Reach, reach
from vitrine.refresh.lists import ReleaseLists
from vitrine.refresh.report import BarFigure, Cell, Section, TableFigure, Tone
from vitrine.refresh.sql_engine import SqlEngine
from vitrine.types import DAY_MS, ItemId, RegionId

KINDS: Final = {
    **dict.fromkeys(RELATION_COLUMNS, "items"),
    **dict.fromkeys(SHELF_COLUMNS, "shelves"),
    **dict.fromkeys(PERSONAL_COLUMNS[:2], "visitors"),
}
"""Every list, and what its tables are of."""

FROM_VIEWS: Final = frozenset({"viewed_together"})
N_BEST: Final = 100
N_SHELF: Final = 20
SIZE_SAMPLE: Final = 500
MOST_BYTES: Final = 4096
LEAST_COVERAGE: Final = 0.5  # of a kind's tables, for the lists that every item should have
EVERYWHERE: Final = ("bought_together", "similar", "popular", "personal")


def list_facts(
    engine: SqlEngine, lists: ReleaseLists, previous: Mapping[RegionId, Sequence[ItemId]] | None = None
) -> list[Section]:
    """Sections on the lists that the engine has just built; `previous` are the bestsellers of the release before."""
    found = {name: reach(lists.parts[kind], lists.assortment, name) for name, kind in KINDS.items()}
    sections = [_coverage(engine, lists, found), _variety(found), _sizes(lists)]
    personas = _personas(lists)
    if personas is not None:
        sections.append(personas)
    sold = {region: items for region, items in (previous or {}).items() if items}
    if sold:
        sections.append(_drift(lists, sold))
    return sections


def _coverage(engine: SqlEngine, lists: ReleaseLists, found: Mapping[str, Reach]) -> Section:
    of = {**lists.counts(), "visitors": engine.count("visitor_index")}
    share = {name: one.tables / max(of[KINDS[name]], 1) for name, one in found.items()}
    support = _support(engine, lists, found)
    ages = _ages(engine, lists.as_of_ms)
    rows = [
        [
            name,
            KINDS[name],
            one.tables,
            round(share[name], 3),
            round(one.mean_length, 1),
            support[name][0],
            support[name][1],
            ages.get("view" if name in FROM_VIEWS else "purchase"),
        ]
        for name, one in found.items()
    ]
    thin = [name for name in EVERYWHERE if share[name] < LEAST_COVERAGE]
    tone: Tone = "warning" if thin else "good"
    verdict = f"Fewer than half have: {', '.join(thin)}." if thin else "Every basic list reaches most of its kind."
    heads = ("list", "of", "have it", "share", "mean length", "support p50", "fallback", "newest event, days")
    figures = (
        TableFigure("What each list reaches and what stands behind an entry", heads, rows),
        BarFigure("Share that has the list", list(share), {"share": [100 * one for one in share.values()]}, "%"),
    )
    return Section("Lists: coverage", verdict, figures, tone)


def _support(engine: SqlEngine, lists: ReleaseLists, found: Mapping[str, Reach]) -> Mapping[str, tuple[Cell, Cell]]:
    """Median support and share of fallbacks per list; purchases of the item where a list has nothing nearer."""
    lines = engine.columns("item_support")["lines"]
    told = engine.columns("list_support")
    result: dict[str, tuple[Cell, Cell]] = {}
    for name, kind in KINDS.items():
        table, listed = lists.parts[kind], found[name].listed
        behind = table.scores["n_bought"][listed] if name == "personal" else lines[np.asarray(table.number)[listed]]
        result[name] = (_median(behind), None)
    for name, direct, support, own in zip(*(told[column].tolist() for column in told), strict=True):
        share = direct / max(found[name].entries, 1) if np.isnan(own) else own
        result[name] = (None if np.isnan(support) else round(support, 1), round(max(1.0 - share, 0.0), 3))
    return result


def _median(values: NDArray[Any]) -> Cell:
    return round(float(np.median(values)), 1) if len(values) else None


def _ages(engine: SqlEngine, as_of_ms: int) -> Mapping[str, float]:
    """Days since the newest event of each kind."""
    newest = engine.columns("event_ages", as_of_ms=as_of_ms)
    pairs = zip(newest["kind"].tolist(), newest["newest_ms"].tolist(), strict=True)
    return {kind: round((as_of_ms - at_ms) / DAY_MS, 1) for kind, at_ms in pairs}


def _variety(found: Mapping[str, Reach]) -> Section:
    shown = {name: one for name, one in found.items() if one.tables}
    rows = [(name, round(one.leaves_in_top, 1), round(one.gini, 3)) for name, one in shown.items()]
    most = max((name for name in shown if KINDS[name] == "items"), key=lambda name: shown[name].gini, default=None)
    verdict = (
        f"Of the lists of items, {most} shows the fewest items most (Gini {shown[most].gini:.2f})." if most else ""
    )
    heads = ("list", f"types in the first {TOP}", "Gini of items shown")
    types = [one.leaves_in_top for one in shown.values()]
    figures = (
        TableFigure("How varied the head of each list is", heads, rows),
        BarFigure(f"Types in the first {TOP}", list(shown), {"types": types}),
    )
    return Section("Lists: diversity", verdict or "There are no lists of items.", figures)


def _sizes(lists: ReleaseLists) -> Section:
    """Bytes of packed tables, from every so many of each kind."""
    rows: list[list[Cell]] = []
    table_of: Mapping[str, Callable[[Any], Any]] = {
        "items": lists.related,
        "shelves": lambda key: lists.shelf(*key),
        "visitors": lists.personal,
    }
    for kind, part in lists.parts.items():
        keys = list(part.place)[:: max(1, len(part.place) // SIZE_SAMPLE)]
        sizes = [len(pack(table_of[kind](key))) for key in keys]
        p50, p95 = (int(np.percentile(sizes, q)) if sizes else 0 for q in (50, 95))
        rows.append([kind, len(part.place), p50, p95])
    item_p95 = rows[0][3]
    small = isinstance(item_p95, int) and item_p95 <= MOST_BYTES
    verdict = f"An item's row has {item_p95} bytes at the 95th percentile."
    heads = ("of", "rows", "bytes p50", "bytes p95")
    figures = (TableFigure("Rows of the release, packed", heads, rows),)
    return Section("Lists: sizes", verdict, figures, "good" if small else "warning")


def _personas(lists: ReleaseLists) -> Section | None:
    """How many of a persona's first items are also everybody's; None without personas."""
    overlaps: dict[str, list[float]] = {}
    for region, scope in lists.parts["shelves"].place:
        if scope is not None and scope.startswith("@"):
            own, everybody = (set(lists.bestsellers(region, N_SHELF, of)) for of in (scope, None))
            overlaps.setdefault(scope[1:], []).append(len(own & everybody) / max(len(own), 1))
    if not overlaps:
        return None
    share = {persona: float(np.mean(values)) for persona, values in sorted(overlaps.items())}
    verdict = f"A persona shares {np.mean(list(share.values())):.0%} of its first {N_SHELF} items with everybody."
    figure = BarFigure(
        f"Share of a persona's first {N_SHELF} that everybody sees, too",
        list(share),
        {"shared": [100 * one for one in share.values()]},
        "%",
    )
    return Section(
        "Lists: shelves of personas", verdict, (figure,), "warning" if min(share.values()) == 1.0 else "good"
    )


def _drift(lists: ReleaseLists, previous: Mapping[RegionId, Sequence[ItemId]]) -> Section:
    """How many bestsellers of each region stayed, of as many as the release before tells, N_BEST at most."""
    shares: dict[str, float] = {}
    for region, before in sorted(previous.items()):
        known = list(before)[:N_BEST]
        now = set(lists.bestsellers(region, len(known)))
        shares[region] = 100.0 * len(now & set(known)) / len(known)
    least = min(shares.values())
    verdict = f"At least {least:.0f} % of each region's bestsellers were bestsellers in the release before."
    figure = BarFigure(
        f"Bestsellers that stayed, of {N_BEST} at most", list(shares), {"stayed": list(shares.values())}, "%"
    )
    return Section("Lists: popularity drift", verdict, (figure,), "good" if least >= 50.0 else "warning")
