"""Messages as the store's files say them, compiled: what triggers one, its steps, and the policy over all of them."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from vitrine.decisions.actions import Content
from vitrine.outreach.channels import CHANNELS as CHANNELS
from vitrine.outreach.channels import Channel as Channel
from vitrine.outreach.channels import TriggerKind as TriggerKind
from vitrine.rules.conditions import Condition
from vitrine.values import dataclass, field

Interest: TypeAlias = Literal["cart", "favourites", "views"]
FenceAction: TypeAlias = Literal["enter", "exit", "dwell"]

DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Trigger:
    """What calls for a message, and how long after it. Fields that a kind does not use keep their defaults.

    `within_s` is how far back views count (category_interest, abandoned_browse); `at_minute` the minute of the local
    day at which an anniversary or the weather is looked at; `before_s` how long before the goods run out a
    replenishment is due; `attribute` the CRM attribute that holds an anniversary (YYYY-MM-DD or MM-DD).
    """

    kind: TriggerKind
    after_s: int = 0
    category: str | None = None
    min_views: int = 1
    within_s: int = 7 * DAY_S
    min_drop: float = 0.0
    interests: tuple[Interest, ...] = ("cart", "favourites", "views")
    before_s: int = 0
    attribute: str | None = None
    at_minute: int = 600
    fences: frozenset[str] = frozenset()
    actions: frozenset[FenceAction] = frozenset(("enter",))


@dataclass(frozen=True, slots=True)
class Step:
    """One letter of a message. `after_s` counts from the sending of the step before; the first step has none.

    Channels are tried in order: the first that reaches the person. `content` holds subject, title, text, button ...
    (api.store_messages says which); `n_items` goods are shown, from `placement` if it is named, else what the message
    is about, completed by nothing.
    """

    channels: tuple[Channel, ...]
    content: Content
    after_s: int = 0
    n_items: int = 0
    placement: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message in one or more steps. Of those that compete the higher priority wins.

    `useful_s` after it was due a step is no longer worth sending. `cap` is (sendings, seconds) for one person.
    """

    name: str
    trigger: Trigger
    steps: tuple[Step, ...]
    priority: int = 0
    useful_s: int = 2 * DAY_S
    when: Condition | None = None
    cap: tuple[int, int] | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Minutes of the local day from which and until which nothing is sent; `begin` > `end` spans midnight.

    Equal minutes: there are no quiet hours.
    """

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many messages to a person in so many seconds, of one channel or (None) of all together."""

    n: int
    period_s: int
    channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for all messages.

    A person gets one message per `window_s`. Whoever would win waits for a message of higher priority that will be due
    within `gather_s`. `per_minute` bounds the sendings of the whole store in a minute. `from_mail` and the like are
    how the store calls itself to the channels; `link` is the shop's address, before the paths of cards.
    """

    quiet: QuietHours = QuietHours(21 * 60, 9 * 60)
    window_s: int = DAY_S
    gather_s: int = 3_600
    caps: tuple[Cap, ...] = ()
    per_minute: int = 600
    off: frozenset[Channel] = frozenset()
    from_mail: str = ""
    from_name: str = ""
    sender_id: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Outreach:
    """All messages of a store, by name, and the policy."""

    policy: Policy = Policy()
    messages: Mapping[str, Message] = field(default_factory=dict)
    zones: tuple[str, ...] = ("UTC",)
    """IANA zones of all regions: where somebody may be of whom nothing is known."""
    zone_of_region: Mapping[str, str] = field(default_factory=dict)
