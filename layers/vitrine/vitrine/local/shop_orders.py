"""What shoppers of the demo leave behind: orders and lead forms, in its memory only."""

import secrets
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from typing import Final

from vitrine.types import ItemId
from vitrine.values import dataclass

MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Line:
    """So many pieces of an item at a price in minor units."""

    item: ItemId
    title: str
    image: str
    quantity: int
    price: int
    currency: str

    @property
    def total(self) -> int:
        """What the line costs."""
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class Order:
    """A placed order; its id is hard to guess, for whoever knows it may look at the order."""

    id: str
    lines: Sequence[Line]

    @property
    def total(self) -> int:
        """What all lines cost."""
        return sum(line.total for line in self.lines)

    def events(self) -> list[dict[str, object]]:
        """Its purchases, as the events API takes them. The ids make a page that is loaded again count once."""
        return [
            {
                "id": f"order-{self.id}-{n}",
                "kind": "purchase",
                "item": line.item,
                "quantity": line.quantity,
                "price": line.price,
            }
            for n, line in enumerate(self.lines)
        ]


class Ledger:
    """The last orders and leads."""

    def __init__(self) -> None:
        self._orders: OrderedDict[str, Order] = OrderedDict()
        self.leads: deque[Mapping[str, str]] = deque(maxlen=MOST)

    def place(self, lines: Sequence[Line]) -> Order:
        """Keep a new order."""
        order = Order(secrets.token_hex(6), lines)
        self._orders[order.id] = order
        while len(self._orders) > MOST:
            self._orders.popitem(last=False)
        return order

    def order(self, wanted: str) -> Order | None:
        """An order that is still kept."""
        return self._orders.get(wanted)
