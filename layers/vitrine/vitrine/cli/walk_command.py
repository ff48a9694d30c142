"""`vitrine demo walk`: a household's days in a minute, in the running demo, with what Vitrine did at every step."""

import argparse
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import duckdb

from vitrine import keys
from vitrine.adapters.clock import utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.catalog.items import Card, card_in
from vitrine.cli.demo_guide import most_bought
from vitrine.cli.target import STATE, find_settings
from vitrine.errors import LocalStackError
from vitrine.local.households import read_households
from vitrine.local.walk import Cast, Goods, Line, Walk, cast_of, faults_of, first_day
from vitrine.local.walk_stage import READ_TIMEOUT_S, Services, WalkClock, hear_again, set_stage, staged
from vitrine.outreach.state import Sending
from vitrine.ports import Table
from vitrine.refresh.lake_files import PURCHASES
from vitrine.settings import Settings
from vitrine.types import ItemId
from vitrine.wiring.collect import build_collect_service
from vitrine.wiring.geofence import build_geofence_service
from vitrine.wiring.outreach import build_outreach_service
from vitrine.wiring.people import build_people_service

ICE_CREAM: Final = "%/ice-cream/%"
N_TRIED: Final = 60
N_LOOKED_AT: Final = 3
PAUSE_S: Final = 1.5

RESTED: Final = """
    SELECT visitor FROM read_parquet($purchases) GROUP BY visitor
    HAVING max(at_ms) BETWEEN $from_ms AND $until_ms ORDER BY count(*) DESC, visitor LIMIT 1
"""
"""Households whose last purchase is neither so young that it hides the walk's nor so old that they are gone."""

DAY_MS: Final = 86_400_000


def run(arguments: argparse.Namespace) -> int:
    """Walk; 0 if every message came as it should, 1 if not.

    Raises:
        LocalStackError: no demo is running, or the household cannot walk; the message says what to do.
    """
    settings = find_settings(arguments)
    lake = (arguments.stack_state or STATE) / "lake"
    services = build_services(settings)
    household = f"h{arguments.household}" if arguments.household is not None else rested(lake, utc_now())
    clock = WalkClock(utc_now())
    cast = prepare(services, lake, household)
    stage = staged(services, household, clock)
    goods = find_goods(services.table, most_bought(lake, ICE_CREAM, N_TRIED), region_bit(services, household))
    day = first_day(utc_now(), cast.zone)
    clock.now = datetime.combine(day, datetime.min.time(), cast.zone).astimezone(UTC)
    walk = Walk(stage, clock, cast, day, goods)
    for line in walk.play():
        print(shown(line, cast), flush=True)
        if not arguments.fast:
            time.sleep(PAUSE_S)
    hear_again(services.table, household, int(utc_now().timestamp() * 1000))
    return conclude(walk, services, cast, settings.public_url)


def build_services(settings: Settings) -> Services:
    """The services over the demo's emulator, as functions have them."""
    return Services(
        table=DynamoTable(settings.table),
        outreach=build_outreach_service(settings),
        collect=build_collect_service(settings),
        people=build_people_service(settings),
        geofence=build_geofence_service(settings),
    )


def rested(lake: Path, now: datetime) -> str:
    """The household of the data that bought most, of those who bought last five to twenty-five days ago.

    Raises:
        LocalStackError: there is none.
    """
    if not (lake / PURCHASES).is_file():
        raise LocalStackError(f"{lake} holds no purchases; start the demo with `make demo`")
    now_ms = int(now.timestamp() * 1000)
    span = {"from_ms": now_ms - 25 * DAY_MS, "until_ms": now_ms - 5 * DAY_MS}
    with duckdb.connect() as connection:
        found = connection.execute(RESTED, {"purchases": str(lake / PURCHASES), **span}).fetchone()
    if found is None:
        raise LocalStackError("no household of the data has rested for some days; name one: --household 718")
    return str(found[0])


def prepare(services: Services, lake: Path, household: str) -> Cast:
    """The household, ready for its walk.

    Raises:
        LocalStackError: the data has no such household.
    """
    regions = dict(read_households(lake))
    if household not in regions:
        raise LocalStackError(f"the data has no household {household[1:]}; it has {len(regions):,}, such as 718")
    cast = cast_of(household, regions[household], ZoneInfo("UTC"))
    person = set_stage(services.table, household, (cast.web, cast.app))
    return cast_of(household, regions[household], ZoneInfo(person.zone or "UTC"))


def region_bit(services: Services, household: str) -> int:
    """The place of the household's region in stock masks."""
    world = services.outreach.look(household).situation.world
    bit: int = world.context.region_bit  # type: ignore[attr-defined]
    return bit


def find_goods(table: Table, items: Sequence[ItemId], bit: int) -> Goods:
    """The first of the items that are in stock in a region.

    Raises:
        LocalStackError: there are too few.
    """
    rows = table.read([keys.card(item) for item in items], READ_TIMEOUT_S)
    cards = ((item, card_in(rows[keys.card(item)])) for item in items)
    found = [(item, card.title) for item, card in cards if isinstance(card, Card) and card.regions >> bit & 1]
    if len(found) < N_LOOKED_AT:
        raise LocalStackError("too few kinds of ice cream are in stock in the region; take another household")
    return Goods(found[:N_LOOKED_AT])


def shown(line: Line, cast: Cast) -> str:
    """A line of the walk: the time where they are, who, what."""
    at = datetime.fromtimestamp(line.at_ms / 1000, UTC).astimezone(cast.zone)
    who = f"household {cast.household[1:]}" if line.who == "household" else "  Vitrine"
    return f"{at:%a %H:%M}  {who} {line.words}"


def conclude(walk: Walk, services: Services, cast: Cast, url: str) -> int:
    """The summary, and whether all came as it should have."""
    messages = services.outreach.look(cast.household).situation.outreach.messages
    kinds = {name: message.trigger.kind for name, message in messages.items()}
    faults = list(faults_of(walk.sendings, kinds.get, walk.bought_ms))
    print("\n".join(summary(walk.sendings, cast, faults, url)))
    return 1 if faults else 0


def summary(sendings: Sequence[Sending], cast: Cast, faults: Sequence[str], url: str) -> Iterator[str]:
    """What was sent, whether that is as it should be, and where to look at it."""
    yield ""
    yield f"{len(sendings)} messages in three days:"
    for one in sendings:
        at = datetime.fromtimestamp(one.at_ms / 1000, UTC).astimezone(cast.zone)
        yield f"  {at:%a %d %b %H:%M}  {one.message} by {one.channel}: {one.status}"
    yield from (f"NOT as it should be: {fault}" for fault in faults)
    if not faults:
        yield "As it should be: one thing at a time, nothing in the quiet hours, nothing more once it was bought."
    yield f"Word for word: {url}/mailbox/p/{cast.household}"
