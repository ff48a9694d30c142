"""What a release has for the list `next`, made of a lake's views and a bucket's ranker."""

from dataclasses import replace

import numpy as np
import orjson
import pytest

from tests.unit.pages import placement, store
from tests.unit.walks import item, quiet, walks
from vitrine.adapters.memory import MemoryObjects
from vitrine.catalog.session_rows import unpack_session_row
from vitrine.decisions.actions import Strategy
from vitrine.decisions.campaigns import Campaign, Variation
from vitrine.decisions.model import RankerManifest
from vitrine.decisions.release import MANIFEST, MODEL, MODELS, NEXT_MODEL, NEXT_RANKER, Part
from vitrine.decisions.session_features import SESSION_FEATURES
from vitrine.errors import InvalidModel
from vitrine.refresh.engine import Engine, Limits
from vitrine.refresh.export import OPSET, to_onnx
from vitrine.refresh.network import Scaling, initialise
from vitrine.refresh.session_parts import (
    CURRENT,
    build_session_parts,
    current_files,
    keep_if_better,
    looks_ahead,
    train_session_ranker,
)
from vitrine.refresh.session_training import NextItemModel
from vitrine.wiring.refresh import load_next_ranker

NEXT = placement("home.next", Strategy("anyone", ("next",), "next"))
AHEAD, PLAIN = store(NEXT), store()


def views(visits):
    """A table of views, one visit an hour."""
    rows = [
        (f"v{visit}", "s", visit * 3_600_000 + at * 1_000, name, "view")
        for visit, names in enumerate(visits)
        for at, name in enumerate(names)
    ]
    return dict(zip(("visitor", "session", "at_ms", "item", "kind"), map(list, zip(*rows, strict=True)), strict=True))


@pytest.fixture
def lake():
    """An engine that can be given visits."""
    with Engine(Limits(threads=1)) as engine:

        def load(visits):
            engine.put("events", views(visits))
            engine.put("items", {"item": sorted({name for visit in visits for name in visit})})
            return engine

        yield load


def ranker(seed=1, model=0.3, summed=0.2):
    """An untrained ranker of next items that says of itself how well it does."""
    d = len(SESSION_FEATURES)
    plain = np.zeros(d, np.float32)
    network = initialise((d, 8, 4), np.random.default_rng(seed))
    data = to_onnx(network, Scaling(plain, plain, plain + 1), "next-item")
    metrics = {"model": {"mrr20": model}, "summed": {"mrr20": summed}}
    missing = dict.fromkeys(SESSION_FEATURES, 0.0)
    return NextItemModel(data, RankerManifest("next-item", Part.of(data).sha256, OPSET, missing, {}, metrics))


def test_a_store_looks_ahead_if_any_of_its_rows_does():
    """Of a placement or of a campaign, whichever variation."""
    ahead = Variation("b", NEXT.action)
    campaign = Campaign(
        "ahead", frozenset({"home.recs"}), (Variation("a", PLAIN.placements["home.recs"].action), ahead)
    )
    assert looks_ahead(AHEAD)
    assert looks_ahead(store(campaigns=(campaign,)))
    assert not looks_ahead(PLAIN)
    assert not looks_ahead(store(campaigns=(replace(campaign, variations=campaign.variations[:1]),)))


def test_a_store_that_does_not_look_ahead_pays_nothing():
    """The lake is not even asked, and there is neither a ranker nor a word of one."""
    with Engine(Limits(threads=1)) as empty:
        parts = build_session_parts(empty, PLAIN, MemoryObjects(), load_next_ranker, quiet)
        assert train_session_ranker(empty, PLAIN, MemoryObjects(), quiet) == ""
    assert (parts.rows, parts.files) == (None, {})
    assert parts.section().figures[0].rows == [(0, 0, 0)]


def test_rows_tell_what_visits_went_on_to(lake):
    """The likeliest neighbour of an item is the one after it, and the report counts rows and bytes."""
    parts = build_session_parts(lake(walks(400)), AHEAD, MemoryObjects(), load_next_ranker, quiet)
    row = unpack_session_row(parts.rows[item(3, 2)])
    assert row.ids[:2] == [item(3, 2), item(3, 3)]
    assert (parts.files, parts.note) == ({}, "400 visits; ranked by plain counts")
    sizes = [len(data) for data in parts.rows.values()]
    assert parts.section().figures[0].rows == [(len(sizes), sum(sizes), max(sizes))]


@pytest.mark.parametrize(
    ("visits", "rows"), [([["a"]], set()), ([["a"], ["b"], ["a"]], set()), ([["a", "b"]], {"a", "b"})]
)
def test_thin_data_gives_few_rows_and_no_ranker(lake, visits, rows):
    """A shop's first visitors: one view foretells nothing, two do; nobody trains a ranker on them."""
    objects = MemoryObjects()
    parts = build_session_parts(lake(visits), AHEAD, objects, load_next_ranker, quiet)
    assert set(parts.rows) == rows
    assert train_session_ranker(lake(visits), AHEAD, objects, quiet).startswith("no ranker of next items was trained: ")
    assert objects.objects == {}


def test_a_ranker_is_kept_if_it_beats_plain_counts():
    """Then the next refresh finds it."""
    objects, better = MemoryObjects(), ranker()
    told = keep_if_better(objects, better)
    assert told == f"ranker of next items {better.manifest.id}: MRR@20 0.300, plain counts 0.200"
    assert current_files(objects) == {NEXT_MODEL: better.model, NEXT_RANKER: better.manifest.to_bytes()}


@pytest.mark.parametrize("model", [0.2, 0.1, float("nan")])
def test_a_ranker_that_is_not_better_is_not_kept(model):
    """What was kept before stays."""
    objects, before = MemoryObjects(), ranker()
    keep_if_better(objects, before)
    kept = dict(objects.objects)
    assert keep_if_better(objects, ranker(2, model)).endswith("; not kept")
    assert objects.objects == kept


def test_a_release_carries_the_ranker_of_the_bucket(lake):
    """Its files are parts of the release, and the report says by what is ranked."""
    objects, kept = MemoryObjects(), ranker()
    keep_if_better(objects, kept)
    parts = build_session_parts(lake(walks(50)), AHEAD, objects, load_next_ranker, quiet)
    assert parts.files == {NEXT_MODEL: kept.model, NEXT_RANKER: kept.manifest.to_bytes()}
    assert parts.note == "50 visits; ranked by the trained ranker"


@pytest.mark.parametrize("note", [b"", b"{", b"null", b"[]", b"7", b"{}", b'{"model": "ranker-none"}', b'{"model": 3}'])
def test_a_damaged_note_names_no_ranker(note):
    """Plain counts rank, as before there was one."""
    assert current_files(MemoryObjects({CURRENT: note})) == {}


@pytest.mark.parametrize("lost", [MODEL, MANIFEST])
def test_half_a_ranker_is_none(lost):
    """Model and manifest go together."""
    objects, kept = MemoryObjects(), ranker()
    keep_if_better(objects, kept)
    del objects.objects[f"{MODELS}{kept.manifest.id}/{lost}"]
    assert current_files(objects) == {}


def damaged():
    """Files of a ranker that must not serve, by what is wrong with them."""
    one = ranker()
    manifest = orjson.loads(one.manifest.to_bytes())
    return {
        "a flipped byte": (one.model[:-1] + bytes([one.model[-1] ^ 1]), one.manifest.to_bytes()),
        "another's manifest": (one.model, ranker(2).manifest.to_bytes()),
        "no manifest": (one.model, b"{}"),
        "other features": (one.model, orjson.dumps({**manifest, "missing": {"price": 0.0}})),
    }


@pytest.mark.parametrize("what", ["a flipped byte", "another's manifest", "no manifest", "other features"])
def test_a_damaged_ranker_is_left_out_and_told(lake, what):
    """The rows are published with plain counts, and the note says why."""
    objects = MemoryObjects()
    kept = ranker()
    keep_if_better(objects, kept)
    for name, data in zip((MODEL, MANIFEST), damaged()[what], strict=True):
        objects.put(f"{MODELS}{kept.manifest.id}/{name}", data)
    parts = build_session_parts(lake(walks(50)), AHEAD, objects, load_next_ranker, quiet)
    assert parts.files == {}
    assert parts.rows
    assert parts.note.startswith("50 visits; ranked by plain counts, for the ranker was refused: ")


def test_whatever_refuses_a_ranker_is_told(lake):
    """Its own words."""

    def refuse(model, manifest):
        raise InvalidModel("too slow")

    objects = MemoryObjects()
    keep_if_better(objects, ranker())
    assert build_session_parts(lake(walks(50)), AHEAD, objects, refuse, quiet).note.endswith("was refused: too slow")
