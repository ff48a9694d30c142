"""How people are reached and what calls for a message: words that the state of every person is written in.

They stand apart from the messages that use them, because whoever only arms an alarm needs no conditions and no numpy.
"""

from typing import Final, Literal, TypeAlias, get_args

Channel: TypeAlias = Literal["mail", "push", "web_push", "sms", "webhook", "app"]
"""How a person is reached. `app` is the app itself, at once, in the answer to its geofence event."""

CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)

TriggerKind: TypeAlias = Literal[
    "abandoned_cart",
    "abandoned_browse",
    "category_interest",
    "price_drop",
    "back_in_stock",
    "post_purchase",
    "replenishment",
    "win_back",
    "anniversary",
    "weather",
    "geofence",
]
