"""What calls for a message, as files say it: one strict model per kind."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, FiniteFloat

from vitrine.api.store_actions import CategoryPath
from vitrine.api.store_files import StrictFile
from vitrine.api.store_times import Duration, TimeOfDay
from vitrine.outreach.messages import FenceAction, Interest, TriggerKind

MinViews = Annotated[int, Field(ge=1, le=100)]
Interests = Annotated[list[Interest], Field(min_length=1)]
CrmPath = Annotated[str, Field(max_length=40)]


class AbandonedCartFile(StrictFile):
    """There is something in the cart and nothing happens any more."""

    kind: Literal["abandoned_cart"]
    after: Duration
    """Since the person last did anything."""


class AbandonedBrowseFile(StrictFile):
    """Goods were looked at, and none of them was put into the cart."""

    kind: Literal["abandoned_browse"]
    after: Duration
    """Since the person last did anything."""
    min_views: MinViews = 1
    """So many different goods."""
    within: Duration = "7d"
    """How far back views count."""


class CategoryInterestFile(StrictFile):
    """One category was looked at again and again, and nothing of it was bought."""

    kind: Literal["category_interest"]
    after: Duration
    """Since the last of these views."""
    category: CategoryPath | None = None
    """This one and all below it; any category of goods without it."""
    min_views: MinViews = 3
    within: Duration = "7d"
    """How far back views count."""


class PriceDropFile(StrictFile):
    """Something that the person is interested in costs less than before."""

    kind: Literal["price_drop"]
    after: Duration | None = None
    """Since the price fell; at once without it."""
    min_drop: Annotated[FiniteFloat, Field(ge=0, lt=1)] = 0.05
    """Share of the price before."""
    interests: Interests = Field(default=["cart", "favourites", "views"])


class BackInStockFile(StrictFile):
    """Something that the person is interested in can be bought again."""

    kind: Literal["back_in_stock"]
    after: Duration | None = None
    """Since it came back; at once without it."""
    interests: Interests = Field(default=["cart", "favourites", "views"])


class PostPurchaseFile(StrictFile):
    """Something was bought."""

    kind: Literal["post_purchase"]
    after: Duration
    """Since the order."""


class ReplenishmentFile(StrictFile):
    """What was bought should be used up by now, by the rhythm of the visitor and of everybody who buys it."""

    kind: Literal["replenishment"]
    before: Duration | None = None
    """So long before it runs out, 36h at most; on that day without it."""


class WinBackFile(StrictFile):
    """The person was not here for long."""

    kind: Literal["win_back"]
    after: Duration


class AnniversaryFile(StrictFile):
    """A day of each year that the shop's other systems know: a birthday, the day of joining."""

    kind: Literal["anniversary"]
    attribute: CrmPath
    """The CRM attribute (crm.NAME) that holds it, as 1987-11-22 or 11-22."""
    at: TimeOfDay = "10:00"
    """Of the person's day."""


class WeatherFile(StrictFile):
    """Each day the weather where the person is gets looked at; the message's condition says which is meant."""

    kind: Literal["weather"]
    at: TimeOfDay = "10:00"
    """Of the person's day."""


class GeofenceFile(StrictFile):
    """The app tells that the person comes near a shop, leaves it, or stays."""

    kind: Literal["geofence"]
    fences: list[str] | None = Field(default=None, min_length=1, max_length=1_000)
    """Ids of fences of stores.geojson; all of them without it."""
    actions: list[FenceAction] = Field(default=["enter"], min_length=1)
    after: Duration | None = None
    """Since then; at once without it."""


AnyTrigger = (
    AbandonedCartFile
    | AbandonedBrowseFile
    | CategoryInterestFile
    | PriceDropFile
    | BackInStockFile
    | PostPurchaseFile
    | ReplenishmentFile
    | WinBackFile
    | AnniversaryFile
    | WeatherFile
    | GeofenceFile
)
TriggerFile = Annotated[AnyTrigger, Field(discriminator="kind")]

TRIGGERS: Final[Mapping[TriggerKind, type[AnyTrigger]]] = {
    "abandoned_cart": AbandonedCartFile,
    "abandoned_browse": AbandonedBrowseFile,
    "category_interest": CategoryInterestFile,
    "price_drop": PriceDropFile,
    "back_in_stock": BackInStockFile,
    "post_purchase": PostPurchaseFile,
    "replenishment": ReplenishmentFile,
    "win_back": WinBackFile,
    "anniversary": AnniversaryFile,
    "weather": WeatherFile,
    "geofence": GeofenceFile,
}
