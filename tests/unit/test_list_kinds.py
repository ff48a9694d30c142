"""Each kind of list, from small lakes in which its right answer is plain."""

import numpy as np
import pytest

from tests.fixtures.lake.builders import DAY_MS, Good, Sale, at_ms, write_lake, write_table
from tests.unit.test_lists import listed, silent
from vitrine.refresh.due import write_due
from vitrine.refresh.engine import Engine, Limits
from vitrine.refresh.lists import Regions, build_lists

REGIONS = Regions(("north", "south"), "north")
LAST = 90
LAMP, BULB, OIL, TEA, TENT = (
    "home/lamps/table-lamps",
    "home/bulbs/light-bulbs",
    "home/oils/lamp-oil",
    "grocery/tea/black-tea",
    "garden/camping/tents",
)
GOODS = [
    Good("lamp", LAMP, "Lamp 40 cm", price=2000),
    Good("grand", LAMP, "Lamp, grand 40 cm", price=2900),
    Good("palace", LAMP, "Lamp, palace 40 cm", price=9000),
    Good("modest", LAMP, "Lamp, modest 40 cm", price=1500),
    Good("tiny", LAMP, "Lamp, tiny 5 cm", price=1400),
    Good("bulb", BULB, price=300),
    Good("oil", OIL, price=400),
    Good("tea", TEA, "Tea 100 g", price=250),
    Good("tea2", TEA, "Tea 100 g #2", price=250),
    Good("tent", TENT, price=5000),
    *(Good(f"card{n}", "paper/cards/greeting-cards", f"Card #{n}", first_day=70) for n in range(4)),
    Good("fresh", "grocery/fruit/berries", first_day=70),
]


def sales():
    """Lamps, then bulbs a week later; lamps with oil; tea every ten days; a tent that suddenly sells."""
    found = []
    for n in range(12):
        who = f"h{n}"
        found += [Sale(who, f"lamp{n}", 60 + n, "lamp"), Sale(who, f"lamp{n}", 60 + n, "oil")]
        found += [Sale(who, f"bulb{n}", 67 + n, "bulb")]
        found += [Sale(f"t{n}", f"tea{n}-{day}", day + n / 24, "tea") for day in (45, 55, 65, 75)]
        found += [Sale(f"x{n}", f"x{n}", 62 + n, ("grand", "palace", "modest", "tiny", "tea2")[n % 5])]
        found += [Sale(f"x{n}", f"y{n}", LAST - 3, "tent")]
        found += [Sale(f"y{n}", f"z{n}", 72 + n, f"card{n % 4}"), Sale(f"z{n}", f"w{n}", 80 + n / 2, "fresh")]
    return [*found, Sale("one", "one", LAST - 1, "tea2")]


def views():
    """Twelve visitors who look at a lamp, then at a grand one, and a tent ten pages on; one who likes odd pairs."""
    found = []
    for n in range(12):
        path = ["lamp", "grand", *(f"card{m}" for m in range(4)), "bulb", "oil", "tea2", "tent"]
        found += [(f"h{n}", f"v{n}", 80 + page / 1440, item) for page, item in enumerate(path)]
        found += [("odd", f"o{n}", 70 + n + page / 1440, item) for page, item in enumerate(["tea", "tent"])]
    return found


def write_views(lake, looked):
    """The views beside the purchases of a lake; the lake."""
    names = ("id", "visitor", "kind", "item", "session", "region")
    types = {**dict.fromkeys(names, "varchar"), "at_ms": "bigint"}
    types |= dict.fromkeys(("quantity", "price", "regular_price"), "integer")
    rows = [
        (f"{session}-{page}", visitor, "view", item, session, "north", at_ms(day), 1, None, None)
        for page, (visitor, session, day, item) in enumerate(looked)
    ]
    write_table(lake / "events" / "import" / "views.parquet", types, rows)
    return lake


def build(folder, bought, looked, day, personas=None):
    """The lists of the lamp shop as of a day, and what is due as of then."""
    with Engine(Limits(threads=1)) as engine:
        engine.load_lake(write_views(write_lake(folder, GOODS, bought), looked))
        if personas:
            engine.put("visitor_personas", {"visitor": list(personas), "persona": list(personas.values())})
        lists = build_lists(engine, REGIONS, at_ms(day), silent, has_personas=personas is not None)
        write_due(engine, folder / "due.parquet")
        due = engine.execute("select visitor, item, due_ms, every_days, score from due")
    return lists, {(visitor, item): rest for visitor, item, *rest in due}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Lists and due dates of the lamp shop, just after its last purchase; who buys tents are campers."""
    personas = {f"x{n}": "camper" for n in range(12)} | {f"t{n}": "drinker" for n in range(12)}
    return build(tmp_path_factory.mktemp("lake"), sales(), views(), LAST, personas)


@pytest.fixture(scope="module")
def lists(built):
    """The lists alone."""
    return built[0]


def test_what_suddenly_sells_is_trending(lists):
    """Twelve buyers after none are a trend; one buyer after a few is none, and neither is what sells as ever."""
    trending = listed(lists.shelf("north", None), "trending")
    assert trending[0] == "tent"
    assert not {"tea", "tea2", "lamp"} & set(trending)


def test_views_of_neighbouring_pages_count_more(lists):
    """The next page is nearer than the one after five others; beyond the reach nothing counts."""
    table = lists.related("lamp")
    seen = dict(zip(table.ids, table.columns["viewed_together"].tolist(), strict=True))
    assert listed(table, "viewed_together")[0] == "grand"
    assert seen["grand"] > seen["bulb"] > seen["tent"]


def test_what_one_visitor_views_together_does_not_count(lists):
    """A pair of views that one visitor repeats is no relation."""
    assert "tent" not in listed(lists.related("tea"), "viewed_together")


def test_without_views_the_baskets_stand_in(tmp_path):
    """Where nobody looked, viewed together is bought together at a lower weight."""
    table = build(tmp_path, sales(), views()[:1], LAST)[0].related("lamp")
    bought, viewed = table.columns["bought_together"], table.columns["viewed_together"]
    at = table.ids.index("oil")
    assert viewed[at] == pytest.approx(0.3 * bought[at], rel=0.01)


def test_accessories_have_a_direction(lists):
    """Bulbs are bought after lamps: they go with the lamp more than the lamp with them."""
    there = lists.related("lamp").columns["accessories"][lists.related("lamp").ids.index("bulb")]
    back = lists.related("bulb")
    lamp = back.columns["accessories"][back.ids.index("lamp")] if "lamp" in back.ids else np.nan
    assert there > 0
    assert not lamp >= there


def test_accessories_are_of_another_aisle(lists):
    """Another lamp is no accessory of a lamp."""
    assert not {"grand", "palace", "modest", "tiny"} & set(listed(lists.related("lamp"), "accessories"))


def test_upsells_are_dearer_within_a_band(lists):
    """Half as dear again is offered, four times the price is not, nor what is cheaper."""
    assert listed(lists.related("modest"), "upsell") == ["lamp", "grand"]
    assert not {"palace", "modest", "tiny"} & set(listed(lists.related("lamp"), "upsell"))


def test_downsells_are_cheaper_and_of_a_like_size(lists):
    """A cheaper lamp of the same size is offered, a tiny one is not."""
    assert listed(lists.related("lamp"), "downsell") == ["modest"]


def test_bundles_are_surely_bought_together(lists):
    """Lamp and oil always share a basket; their score is the lift, how many times oftener than chance."""
    table = lists.related("lamp")
    assert listed(table, "bundle") == ["oil"]
    assert 1.5 < table.columns["bundle"][table.ids.index("oil")] < 30


def test_refills_fall_due_by_rhythm(built):
    """Tea every ten days is due ten days after the last; a lamp that nobody bought twice is never due."""
    lists, due = built
    due_ms, every_days, score = due["t0", "tea"]
    assert every_days == pytest.approx(10, rel=0.02)
    assert due_ms == pytest.approx(at_ms(85), abs=DAY_MS / 2)
    assert score > 0
    assert listed(lists.personal("t0"), "replenish") == ["tea"]
    assert ("h0", "lamp") not in due
    assert listed(lists.personal("h0"), "replenish") == []


def test_what_is_nearer_due_scores_more(tmp_path):
    """Tea is due when its ten days are over, a little before, and no longer expected a hundred days later."""
    scores = [build(tmp_path / str(day), sales(), [], day)[1]["t0", "tea"][2] for day in (79, 85, 175)]
    assert 0.0 < scores[0] < scores[1]
    assert scores[2] == 0.0


def test_a_persona_has_a_shelf_of_its_own(lists):
    """What campers buy more than others comes first on theirs; what everybody buys stays on it."""
    assert lists.bestsellers("north", 1) == ["tea"]
    campers = listed(lists.shelf("north", "@camper"), "popular")
    assert campers.index("tent") < campers.index("tea")
    assert listed(lists.shelf("north", "@drinker"), "popular")[0] == "tea"


def test_without_personas_there_are_no_such_shelves(tmp_path):
    """A snapshot of the past has none, even if an older table lies in the engine."""
    lists, _ = build(tmp_path, sales(), views(), LAST)
    assert lists.shelf("north", "@camper") is None


def test_alike_newcomers_stand_behind_the_first(lists):
    """Of four greeting cards that came at once, the first keeps its place and the next has half the score."""
    shelf = lists.shelf("north", None)
    new = listed(shelf, "new")
    cards = [item for item in new if item.startswith("card")]
    scores = [shelf.columns["new"][shelf.ids.index(item)] for item in cards]
    assert new[0] == "fresh"
    assert len(cards) > 1
    assert scores[1] <= scores[0] / 2 * 1.001


def test_a_newcomer_past_its_season_fades(tmp_path):
    """Who sold last month and not last week is no longer new, whatever the age."""
    late, _ = build(tmp_path, [*sales(), *(Sale(f"q{n}", f"q{n}", LAST + 9, "tea") for n in range(9))], [], LAST + 10)
    shelf = late.shelf("north", None)
    faded = {item: shelf.columns["new"][shelf.ids.index(item)] for item in listed(shelf, "new")}
    assert max(faded.values()) < 0.5


def test_nothing_of_the_future_is_in_any_list(tmp_path):
    """Lists as of a day are the same to the last byte, whatever is bought or viewed after it."""
    later = [Sale("h1", f"l{n}", 76 + n, item) for n in range(9) for item in ("tent", "bulb", "tea", "grand")]
    looks = [("h2", f"l{n}", 77.0 + n, item) for n in range(9) for item in ("tent", "tea")]
    past = [sale for sale in sales() if sale.day < 75]
    seen = [view for view in views() if view[2] < 75]
    one, due = build(tmp_path / "one", past + later, seen + looks, 75)
    two, same = build(tmp_path / "two", sales(), views(), 75)
    assert dict(one.rows("r")) == dict(two.rows("r"))
    assert due == same


def test_one_event_makes_lists_without_what_needs_more(tmp_path):
    """From a single purchase there are shelves, and none of the lists that need support."""
    lists, due = build(tmp_path, [Sale("h0", "b", 80, "lamp")], [], 81)
    assert lists.bestsellers("north", 1) == ["lamp"]
    assert listed(lists.shelf("north", None), "trending") == []
    for column in ("viewed_together", "accessories", "bundle"):
        assert listed(lists.related("lamp"), column) == []
    assert due == {}
