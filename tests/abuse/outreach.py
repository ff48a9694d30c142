"""Outreach's public routes on memory: people, crossings of fences, links in messages. And what is good to ask them."""

import json
from collections.abc import Mapping
from typing import Any, Final

from tests.functional.handlers import recorded_event
from tests.functional.test_geofence import NOTICE
from tests.functional.test_outreach_links import LINKS, MAIL, SENDING, card
from tests.golden.example_world import QUIET
from tests.outreach.geo_tracks import demo_fences
from tests.outreach.spoofs import EVERYTHING
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.outreach.handing import encode
from vitrine.outreach.person import Person, row_of
from vitrine.outreach.unsubscribe import Leaving, Opening, mint_leaving, mint_opening
from vitrine.service.geofence import GeofenceService, Rules
from vitrine.service.links import LinksService
from vitrine.service.people import PeopleService
from vitrine.visitors.identity import TokenKeys, mint

PERSON: Final = "p1"
RECORDED: Final = ("geofence", "people")


def services(token_keys: TokenKeys) -> dict[str, object]:
    """The services by the folder of their function, over one table."""
    table, rules = MemoryTable(), Rules(demo_fences(), (EVERYTHING,))
    row = {"content": encode(MAIL), "ttl": 1, **LINKS.row()}
    table.write([(keys.message(PERSON, SENDING), row), (keys.person(PERSON), row_of(Person(PERSON), None))])
    table.write([(keys.card(item), card(item)) for item in LINKS.items])
    people = PeopleService(
        table,
        lambda pk: [key for key in table.rows if key.pk == pk and key.sk != keys.message("", SENDING).sk],
        lambda _: token_keys,
        lambda: QUIET,
        lambda _: None,
    )
    geofence = GeofenceService(
        table=table,
        rules=lambda _: rules,
        notify=lambda person: NOTICE,
        nudge=lambda person: None,
        token_keys=lambda _: token_keys,
        clock=lambda: QUIET,
        back_off=lambda _: None,
    )
    return {"outreach_links": LinksService(table, lambda _: token_keys), "people": people, "geofence": geofence}


def tokens(token_keys: TokenKeys) -> dict[str, str]:
    """Good tokens by the beginning of the path that takes them."""
    opening = mint_opening(Opening(PERSON, SENDING), token_keys)
    leaving = mint_leaving(Leaving(PERSON, "mail", SENDING), token_keys)
    return {"/v1/unsubscribe/": leaving, "/v1/message/": opening, "/v1/go/": opening, "/v1/open/": opening}


def good_bodies(token_keys: TokenKeys) -> Mapping[str, dict[str, Any]]:
    """Good bodies by route: the recorded ones, with tokens of these keys and of this moment."""
    crossing, told = (json.loads(recorded_event(name)["body"]) for name in RECORDED)
    now_ms = int(QUIET.timestamp() * 1000)
    return {
        "POST /v1/geofence": {**crossing, "visitor": mint("plain", token_keys), "at_ms": now_ms - 1_000},
        "PUT /v1/people/{person}": {**told, "visitors": [mint("plain", token_keys)]},
    }
