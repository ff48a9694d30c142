"""What a release has for the list `next`: session rows of items, and the ranker of next items if one was trained.

Only stores whose rows draw from `next` pay for it. Rows are made at each refresh; the ranker is trained when the page's
ranker is, and lies in the bucket between.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import orjson

from vitrine.catalog.session_rows import pack_session_row
from vitrine.decisions.placements import Store
from vitrine.decisions.release import MANIFEST, MODEL, MODELS, NEXT_MODEL, NEXT_RANKER
from vitrine.errors import InvalidModel, TooLittleData
from vitrine.ports import Objects, Progress, Ranker
from vitrine.refresh.report import Section, TableFigure
from vitrine.refresh.session_builder import RowTable, build_rows
from vitrine.refresh.session_training import NextItemModel, train_next_item
from vitrine.refresh.sessions import Sessions, from_columns
from vitrine.refresh.sql_engine import SqlEngine
from vitrine.types import ItemId
from vitrine.values import dataclass, field

CURRENT: Final = f"{MODELS}next_item.json"
MANY_VISITS: Final = 50_000
"""From so many on a ranker is trained: it replays the past five times, which takes minutes."""

LoadNextRanker: TypeAlias = Callable[[bytes, bytes], Ranker]
"""Checks and loads a ranker of next items with its manifest; raises InvalidModel."""


@dataclass(frozen=True, slots=True)
class SessionParts:
    """Packed rows by item, and model and manifest if there is a ranker; `note` tells what there is.

    `rows` is None for a store that does not look ahead.
    """

    rows: Mapping[ItemId, bytes] | None = field(default=None, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    note: str = "no row of the store draws from next"

    def section(self) -> Section:
        """For the report."""
        sizes = [len(row) for row in (self.rows or {}).values()]
        figures = [(len(sizes), sum(sizes), max(sizes, default=0))]
        return Section("Next items", self.note, [TableFigure("Session rows", ("rows", "bytes", "largest"), figures)])


def looks_ahead(store: Store) -> bool:
    """Whether any row of the store draws from `next`."""
    actions = [placement.action for placement in store.placements.values()]
    actions += [variation.action for campaign in store.campaigns for variation in campaign.variations]
    return any(action.row is not None and action.row.looks_ahead for action in actions)


def build_session_parts(
    engine: SqlEngine, store: Store, objects: Objects, load: LoadNextRanker, progress: Progress
) -> SessionParts:
    """Rows from the views of the lake, with the ranker that the bucket holds; plain counts rank where there is none."""
    if not looks_ahead(store):
        return SessionParts()
    sessions = read_sessions(engine)
    table = build_rows(sessions, progress)
    files = current_files(objects)
    try:
        if files:
            load(files[NEXT_MODEL], files[NEXT_RANKER])
        note = f"{len(sessions):,} visits; ranked by {'the trained ranker' if files else 'plain counts'}"
    except InvalidModel as error:
        files, note = {}, f"{len(sessions):,} visits; ranked by plain counts, for the ranker was refused: {error}"
    return SessionParts(pack_rows(table), files, note)


def train_session_ranker(engine: SqlEngine, store: Store, objects: Objects, progress: Progress) -> str:
    """Train the ranker of next items and keep it if it foresees the newest visits better than plain counts do.

    What became of it, in one line; '' for a store that does not look ahead.
    """
    if not looks_ahead(store):
        return ""
    sessions = read_sessions(engine)
    if len(sessions) < MANY_VISITS:
        return f"no ranker of next items was trained: {len(sessions):,} visits, {MANY_VISITS:,} are needed"
    try:
        trained = train_next_item(sessions, progress)
    except TooLittleData as error:
        return f"no ranker of next items was trained: {error}"
    return keep_if_better(objects, trained)


def keep_if_better(objects: Objects, trained: NextItemModel) -> str:
    """Make a ranker the one of the next releases, unless plain counts foresee as much; what became of it, in one line.

    Its files lie in the bucket before the note that names them.
    """
    model, plain = (trained.manifest.metrics[name]["mrr20"] for name in ("model", "summed"))
    told = f"ranker of next items {trained.manifest.id}: MRR@20 {model:.3f}, plain counts {plain:.3f}"
    if not model > plain:
        return f"{told}; not kept"
    for name, data in ((MODEL, trained.model), (MANIFEST, trained.manifest.to_bytes())):
        objects.put(f"{MODELS}{trained.manifest.id}/{name}", data)
    objects.put(CURRENT, orjson.dumps({"model": trained.manifest.id}))
    return told


def read_sessions(engine: SqlEngine) -> Sessions:
    """The visits of the lake that the engine has loaded."""
    return from_columns(engine.columns("session_items"))


def current_files(objects: Objects) -> dict[str, bytes]:
    """The parts of the ranker that the bucket names; none where there is none, or they are not whole."""
    try:
        model = str(orjson.loads(objects.get(CURRENT) or b"")["model"])
    except (ValueError, KeyError, TypeError):
        return {}
    names = {NEXT_MODEL: MODEL, NEXT_RANKER: MANIFEST}
    found = {part: objects.get(f"{MODELS}{model}/{name}") for part, name in names.items()}
    return {part: data for part, data in found.items() if data is not None} if None not in found.values() else {}


def pack_rows(table: RowTable) -> dict[ItemId, bytes]:
    """Every row as the table of a store holds it."""
    return {str(table.ids[item]): pack_session_row(table.row(int(item))) for item in table.known()}
