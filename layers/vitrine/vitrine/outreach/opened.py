"""What the links of a message lead to when they are opened: the goods of then, as they can be bought now.

A mail lies for days before it is read. So its pictures and links name places in the message, not goods, and a place
whose good is sold out shows the next one of the message's list. Picture and link of a place ask the same question, and
agree unless the shop sells the last one between the two.
"""

from collections.abc import Container
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit

import orjson

from vitrine.errors import DamagedRow
from vitrine.outreach.channels import CHANNELS, Channel
from vitrine.types import ItemId, Row
from vitrine.values import dataclass

ATTRIBUTE: Final = "links"
"""Of the row that keeps a message."""

SOURCE: Final = "vitrine"
WEB: Final = frozenset(("http", "https"))
REGIONS: Final = 32
"""Bits of a card's regions."""


@dataclass(frozen=True, slots=True)
class MessageLinks:
    """Where a message leads. Of `items` the first `n_shown` are in it, the others take the places of what is sold out.

    `region_bit` is whose stock counts; `shop` is the shop's address, before the paths of cards.
    """

    shop: str
    message: str
    channel: Channel
    region_bit: int = 0
    items: tuple[ItemId, ...] = ()
    n_shown: int = 0

    def row(self) -> Row:
        """The attribute of the message's row that keeps them."""
        fields = (self.shop, self.message, self.channel, self.region_bit, self.items, self.n_shown)
        return {ATTRIBUTE: orjson.dumps(fields).decode()}

    @classmethod
    def parse(cls, row: Row) -> "MessageLinks":
        """The links in a message's row.

        Raises:
            DamagedRow: it holds none, or they are damaged.
        """
        text = row.get(ATTRIBUTE)
        try:
            plain = orjson.loads(text) if isinstance(text, str) else None
        except orjson.JSONDecodeError as error:
            raise DamagedRow("table", "the links of a message are damaged") from error
        match plain:
            case [str(shop), str(message), channel, int(bit), [*items], int(n)]:
                for known in CHANNELS:
                    if channel == known and 0 <= bit < REGIONS and all(isinstance(item, str) for item in items):
                        return cls(shop, message, known, bit, tuple(items), n)
        raise DamagedRow("table", "the links of a message are damaged")

    def good_at(self, place: int, in_stock: Container[ItemId]) -> ItemId | None:
        """The good that a place shows now; None where nothing is left to show there."""
        shown, others = self.items[: self.n_shown], self.items[self.n_shown :]
        if not 0 <= place < len(shown):
            return None
        if shown[place] in in_stock:
            return shown[place]
        n_before = sum(item not in in_stock for item in shown[:place])
        standing_in = [item for item in others if item in in_stock]
        return standing_in[n_before] if n_before < len(standing_in) else None

    def page(self, path: str) -> str:
        """The address of a path or page of the shop, marked as reached from this message; the front page for an address
        elsewhere: our links lead to the shop and nowhere else."""
        home = urlsplit(self.shop)
        try:
            target = urlsplit(urljoin(self.shop, path))
        except ValueError:  # an address that is none
            target = home
        if target.scheme not in WEB or (target.scheme, target.netloc) != (home.scheme, home.netloc):
            target = home
        marks = urlencode({"utm_source": SOURCE, "utm_medium": self.channel, "utm_campaign": self.message})
        query = f"{target.query}&{marks}" if target.query else marks
        return target._replace(query=query).geturl()


def is_picture(address: str) -> bool:
    """Whether a picture may be fetched from there: the web, or a path of this API."""
    if not address.isprintable() or "\\" in address:  # which browsers take for a slash
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in WEB or (not parts.scheme and not parts.netloc and address.startswith("/"))
