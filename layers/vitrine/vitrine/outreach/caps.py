"""How often a person is written to: sliding windows over what may already have reached them.

A sending of which nobody knows whether it arrived counts like one that did: rather one message too few.
"""

from collections.abc import Iterable, Sequence

from vitrine.outreach.channels import Channel
from vitrine.outreach.messages import Cap, Message
from vitrine.outreach.state import REACHED, Sending


def next_free_ms(sendings: Sequence[Sending], caps: Sequence[Cap], window_s: int, channel: Channel, now_ms: int) -> int:
    """The first instant from now on (ms) at which one more sending on the channel breaks no cap and no window.

    In a window there is one message, whatever its channel. A window or a cap's period that begins with a sending is
    over exactly `window_s` or `period_s` later.
    """
    free = _free_ms(sendings, 1, window_s, now_ms)
    for cap in caps:
        if cap.channel in (None, channel):
            counted = (one for one in sendings if cap.channel in (None, one.channel))
            free = max(free, _free_ms(counted, cap.n, cap.period_s, now_ms))
    return free


def message_free_ms(sendings: Sequence[Sending], message: Message, now_ms: int) -> int:
    """The first instant from now on (ms) at which one more sending of the message does not break its own cap."""
    if message.cap is None:
        return now_ms
    n, period_s = message.cap
    return _free_ms((one for one in sendings if one.message == message.name), n, period_s, now_ms)


def _free_ms(sendings: Iterable[Sending], n: int, period_s: int, now_ms: int) -> int:
    """When fewer than n, at least one, of the sendings are left that began less than a period ago.

    One that lies in the future, by a clock that was ahead, counts as one of now: so a window only empties, and is free
    for one more as soon as the n-th last of its sendings leaves it.
    """
    ends = sorted((one.at_ms + period_s * 1000 for one in sendings if one.status in REACHED), reverse=True)
    return max(now_ms, ends[n - 1]) if period_s and len(ends) >= n else now_ms
