"""What consent withholds of a visitor's place, and what an operator's own place may not do to a supposed one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest

from tests.unit import recorded
from tests.unit.circumstances import NOW, NOW_MS, STORE, facts_of
from tests.unit.pages import Even
from tests.unit.recorded import RELEASE, World
from vitrine import keys
from vitrine.decisions.context import Context, DecisionRequest, Preview, Whereabouts, resolve_context
from vitrine.decisions.placements import Store
from vitrine.decisions.reads import weather_cell
from vitrine.decisions.record import parse_record
from vitrine.decisions.release import Release
from vitrine.places.regions import Places, Region, Shop
from vitrine.service.plan_inputs import LiveInputs
from vitrine.service.plan_recorded import RecordedDecisions, RecordedView
from vitrine.types import Geo, Page, Purpose, Viewer
from vitrine.visitors.profile import Profile
from vitrine.visitors.stored import Stored

NEAR_A_SHOP = Geo(-37.0, 144.1)
AROUND = (((140.0, -40.0), (150.0, -40.0), (150.0, -30.0), (140.0, -30.0), (140.0, -40.0)),)
PLACES = Places(
    {
        "north": Region("north", "UTC", lat=40.0, lon=-83.0),
        "south": Region("south", "UTC", lat=-37.8, lon=145.0, polygons=(AROUND,)),
    },
    (Shop("bendigo", {"en": "Bendigo"}, -36.8, 144.3, "south"),),
)
BY_COORDINATES = Viewer("AU", "VIC", "Bendigo", NEAR_A_SHOP)
HOME = DecisionRequest(Page("home"), "h1", viewer=BY_COORDINATES, geo=NEAR_A_SHOP)
SHOP_CELL, REGION_CELL = "-37.0_144.5", "-38.0_145.0"


def placed(request: DecisionRequest, *consent: Purpose, told: Whereabouts | None = None) -> Context:
    """The circumstances in a store whose south only coordinates tell."""
    store = replace(recorded.store(), places=PLACES)
    return resolve_context("d1", NOW, replace(request, consent=frozenset(consent)), store, told)


def release(store: Store) -> Release:
    """A release of this store."""
    return Release(RELEASE, NOW_MS, store, Even(), {})


def cell_of(context: Context) -> str | None:
    """The cell whose weather the visitor has."""
    return weather_cell(context, release(replace(recorded.store(), places=PLACES)))


@pytest.mark.parametrize("consent", [(), ("personalization",), ("messages",)])
def test_without_consent_the_network_tells_the_region_and_no_more(consent: tuple[Purpose, ...]) -> None:
    """City and coordinates are forgotten once the region is found; the weather is the region's own."""
    context = placed(HOME, *consent)
    assert (context.region, context.region_source) == ("south", "network")
    assert context.request.viewer == Viewer("AU", "VIC")
    assert (context.request.geo, context.geo) == (None, None)
    assert cell_of(context) == REGION_CELL


def test_with_consent_the_place_is_known() -> None:
    """Negative control: coordinates find the weather near a shop, and the city has its name."""
    context = placed(HOME, "geo")
    assert (context.request.viewer, context.geo, cell_of(context)) == (BY_COORDINATES, NEAR_A_SHOP, SHOP_CELL)
    assert placed(replace(HOME, geo=None), "geo").geo == NEAR_A_SHOP


@pytest.mark.parametrize("path", ["place.city", "place.distance_km", "place.shop", "place.shop_open"])
def test_facts_know_of_a_place_what_was_agreed_to(path: str) -> None:
    """A country and a region are for all."""
    request = DecisionRequest(Page("home"), viewer=Viewer("US", "OH", "Columbus", Geo(40.0, -83.0)))
    without, agreed = (
        facts_of(one, Profile()) for one in (request, replace(request, consent=frozenset[Purpose]({"geo"})))
    )
    assert without(path) is None
    assert agreed(path) is not None
    assert (without("place.region"), without("place.country")) == ("north", "US")


def test_a_supposed_region_has_its_own_weather() -> None:
    """Not that of the operator's network, which is what tells facts nothing either."""
    supposed = replace(HOME, geo=None, preview=Preview(region="north"))
    context = placed(supposed, "geo")
    assert (context.region_source, context.geo, context.request.viewer) == ("preview", None, Viewer())
    assert cell_of(context) == "40.0_-83.0"
    assert cell_of(placed(replace(supposed, preview=None), "geo")) == SHOP_CELL  # negative control


def test_a_region_that_was_found_before_stays() -> None:
    """Whatever the request still says; one that the store has not is found anew."""
    kept = placed(HOME, told=Whereabouts("north", "default"))
    assert (kept.region, kept.region_bit, kept.region_source) == ("north", 0, "default")
    assert placed(HOME, told=Whereabouts("west", "geo")).region == "south"
    again = resolve_context("d1", NOW, kept.request, STORE, Whereabouts("south", "preview"))
    assert (again.region_source, again.request.viewer) == ("preview", Viewer())


class Placed(World):
    """A world whose regions lie somewhere."""

    def load(self, release: str) -> Release:
        """The only release."""
        whole = super().load(release)
        return replace(whole, store=replace(whole.store, places=PLACES))


REQUESTS: Mapping[str, tuple[DecisionRequest, str, str]] = {
    "by the network's coordinates": (HOME, "south", "network"),
    "nowhere, at home": (replace(HOME, visitor="southerner", viewer=Viewer("AU"), geo=None), "south", "profile"),
    "nowhere, at home in the default region": (replace(HOME, viewer=Viewer("AU"), geo=None), "north", "default"),
}


def world_of(request: DecisionRequest, *consent: Purpose) -> Placed:
    """A world with this one decision."""
    world = Placed()
    at_home = Stored(Profile(), None).successor(Profile(region="south"), NOW)
    world.table.rows[keys.profile("southerner")] = at_home
    world.decide("d1", NOW, replace(request, consent=frozenset(consent)))
    return world


@pytest.mark.parametrize("consent", [("personalization",), ("personalization", "geo")])
@pytest.mark.parametrize("case", REQUESTS)
def test_a_decision_replays_without_the_place_that_it_withholds(case: str, consent: tuple[Purpose, ...]) -> None:
    """The region is on record; where the visitor was is only with consent."""
    request, region, source = REQUESTS[case]
    world = world_of(request, *consent)
    line = world.records["d1"]
    told: dict[str, Any] = orjson.loads(line)
    assert (told["region"], told["region_source"]) == (region, source)
    assert orjson.loads(world.bodies["d1"])["region"] == region
    replayed = world.replay().replay("d1")
    assert (replayed.identical, replayed.gone, replayed.differs) == (True, (), [])
    viewer = parse_record(line).request.viewer
    assert (viewer == request.viewer) is ("geo" in consent or viewer == Viewer("AU"))
    assert viewer.country == "AU"


@pytest.mark.parametrize("case", REQUESTS)
def test_a_plan_leaves_visitors_where_they_were(case: str) -> None:
    """Also where the new store's regions lie nowhere."""
    request, region, _ = REQUESTS[case]
    world = world_of(request, "personalization")
    decide_view = RecordedDecisions(LiveInputs(world.table), world.load)
    view = RecordedView(parse_record(world.records["d1"]))
    for places in (PLACES, Places()):
        decision = decide_view(view, release(replace(recorded.store(), places=places)))
        assert decision is not None
        assert decision.region == region
