"""The households of the imported data as people: made-up names and addresses, and channels of which some allow none.

Nothing reaches anybody: addresses are of reserved names (RFC 2606), telephone numbers of the range for fiction
(+1 ... 555 0100 to 0199), and all of them share the emulator's one telephone with the shop's app.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from zlib import crc32

import duckdb

from vitrine import keys
from vitrine.outreach.channels import Channel
from vitrine.outreach.person import Person, row_of
from vitrine.refresh.lake_files import PURCHASES
from vitrine.types import Key, RegionId, Row, VisitorId

NAMES: Final = (
    "Ada", "Ben", "Chloe", "Dan", "Elif", "Finn", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Liam", "Mara", "Nils",
    "Olga", "Paul", "Quinn", "Rosa", "Sam", "Tara", "Umar", "Vera", "Will", "Xenia", "Yann", "Zoe",
)  # fmt: skip
ALLOWED: Final[Sequence[tuple[Channel, ...]]] = (
    ("mail", "push", "sms"),
    ("mail", "push"),
    ("mail",),
    ("push", "sms"),
    ("mail", "sms"),
    ("mail", "push"),
    ("mail",),
    (),
)
"""What one household in so many agreed to."""

IN_ENGLISH: Final = 4
"""Of so many households all but one read English, the other Russian."""

READING: Final = """
    SELECT visitor, mode(region) FROM read_parquet($purchases) GROUP BY visitor
    ORDER BY try_cast(substr(visitor, 2) AS INTEGER), visitor
"""


def read_households(lake: Path) -> list[tuple[VisitorId, RegionId]]:
    """Households of a lake folder in the order of their numbers, each with its region; none without the data."""
    purchases = lake / PURCHASES
    if not purchases.is_file():
        return []
    with duckdb.connect() as connection:
        return connection.execute(READING, {"purchases": str(purchases)}).fetchall()


def person_of(household: VisitorId, zone: str | None, endpoint: str, favoured: Sequence[VisitorId] = ()) -> Person:
    """The household as a person. `endpoint` is where push goes; the favoured ones allow every channel."""
    n = crc32(household.encode())
    allowed = ALLOWED[0] if household in favoured else ALLOWED[n % len(ALLOWED)]
    return Person(
        id=household,
        visitors=(household,),
        addresses={"mail": f"household-{household[1:]}@demo.example", "sms": telephone(n), "push": endpoint},
        allowed=frozenset(allowed),
        zone=zone,
        locale="en" if household in favoured or n // 8 % IN_ENGLISH else "ru",
        name=NAMES[n // 64 % len(NAMES)],
    )


def telephone(n: int) -> str:
    """A number that no telephone has."""
    return f"+1{200 + n // 100 % 700:03}55501{n % 100:02}"


def person_rows(
    households: Sequence[tuple[VisitorId, RegionId]],
    zones: Mapping[RegionId, str],
    endpoint: str,
    favoured: Sequence[VisitorId] = (),
) -> Iterator[tuple[Key, Row]]:
    """The rows of all households as people, and of their links."""
    for household, region in households:
        person = person_of(household, zones.get(region), endpoint, favoured)
        yield keys.person(household), row_of(person, None)
        yield keys.link(household), {"person": household, "rev": 1}
