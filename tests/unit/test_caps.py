"""Caps and windows: what is let through never breaks one, and nothing waits longer than it has to."""

from typing import Any, Final, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrine.decisions.actions import Content, Fixed
from vitrine.outreach.caps import message_free_ms, next_free_ms
from vitrine.outreach.messages import Cap, Channel, Message, Step, Trigger
from vitrine.outreach.state import REACHED, Sending, Status

DAY_S: Final = 86_400
NOW_MS: Final = 1_793_620_800_000
STATUSES: Final[tuple[Status, ...]] = get_args(Status)


def sending(at_ms: int, channel: Channel = "mail", status: Status = "sent", message: str = "cart") -> Sending:
    """A sending of which only this matters."""
    return Sending(f"{message}{at_ms}{channel}", message, 0, "", at_ms, channel, at_ms, status)


def ago(seconds: int, **changes: Any) -> Sending:
    """A sending of so many seconds ago."""
    return sending(NOW_MS - seconds * 1000, **changes)


def message(cap: tuple[int, int] | None) -> Message:
    """A message with a cap of its own."""
    return Message("cart", Trigger("abandoned_cart"), (Step(("mail",), Content(Fixed({}))),), cap=cap)


def test_a_window_is_over_to_the_millisecond() -> None:
    """Half-open: one window after the sending the next may go."""
    assert next_free_ms([ago(10)], (), 10, "mail", NOW_MS) == NOW_MS
    assert next_free_ms([ago(10)], (), 10, "mail", NOW_MS - 1) == NOW_MS
    assert next_free_ms([ago(4)], (), 10, "mail", NOW_MS) == NOW_MS + 6000


def test_a_window_is_one_of_all_channels() -> None:
    """A push waits for the window of a mail."""
    assert next_free_ms([ago(1, channel="mail")], (), 10, "push", NOW_MS) == NOW_MS + 9000


def test_a_cap_of_a_channel_counts_that_channel() -> None:
    """Only its sendings, and only for it."""
    caps = [Cap(1, DAY_S, "sms")]
    assert next_free_ms([ago(5, channel="sms")], caps, 0, "mail", NOW_MS) == NOW_MS
    assert next_free_ms([ago(5, channel="mail")], caps, 0, "sms", NOW_MS) == NOW_MS
    assert next_free_ms([ago(5, channel="sms")], caps, 0, "sms", NOW_MS) == NOW_MS + (DAY_S - 5) * 1000


def test_the_longest_wait_counts() -> None:
    """Of two messages in three days one has to leave; of one in a day the last."""
    sendings = [ago(DAY_S), ago(2 * DAY_S), ago(5 * DAY_S)]
    assert next_free_ms(sendings, [Cap(2, 3 * DAY_S)], DAY_S, "mail", NOW_MS) == NOW_MS + DAY_S * 1000
    assert next_free_ms(sendings, [Cap(3, 3 * DAY_S)], DAY_S, "mail", NOW_MS) == NOW_MS


@pytest.mark.parametrize("status", STATUSES)
def test_what_may_have_arrived_counts(status: Status) -> None:
    """Also what was claimed and never closed; not what surely did not go out."""
    waits = next_free_ms([ago(1, status=status)], (), DAY_S, "mail", NOW_MS) > NOW_MS
    assert waits == (status in REACHED) == (status in {"intended", "sent", "in_doubt"})


def test_a_sending_from_a_clock_that_was_ahead_counts() -> None:
    """It holds the window from now on."""
    assert next_free_ms([ago(-60)], (), 10, "mail", NOW_MS) == NOW_MS + 70_000


def test_without_window_and_caps_all_may_go() -> None:
    """A window of no length holds nothing, not even the sending of a clock that was ahead."""
    assert next_free_ms([ago(0), ago(-60)], (), 0, "mail", NOW_MS) == NOW_MS


def test_a_message_has_a_cap_of_its_own() -> None:
    """Other messages do not count for it."""
    sendings = [ago(10), ago(20, message="price")]
    assert message_free_ms(sendings, message((1, 60)), NOW_MS) == NOW_MS + 50_000
    assert message_free_ms(sendings, message((2, 60)), NOW_MS) == NOW_MS
    assert message_free_ms(sendings, message(None), NOW_MS) == NOW_MS


CHANNELS: Final[tuple[Channel, ...]] = ("mail", "push", "sms")
SENDINGS = st.lists(
    st.builds(sending, st.integers(0, 40_000), st.sampled_from(CHANNELS), st.sampled_from(STATUSES)), max_size=12
)
CAPS = st.lists(
    st.builds(Cap, st.integers(1, 4), st.integers(1, 30), st.none() | st.sampled_from(CHANNELS)), max_size=4
)


def is_free(sendings: list[Sending], caps: list[Cap], channel: Channel, at_ms: int) -> bool:
    """The rule as it is said: a cap lets no more than n begin in its period, of its channel or of all."""
    for cap in caps:
        last = [one for one in sendings if one.status in REACHED and at_ms < one.at_ms + cap.period_s * 1000]
        binds = cap.channel is None or cap.channel == channel
        if binds and len([one for one in last if cap.channel in (None, one.channel)]) >= cap.n:
            return False
    return True


@settings(max_examples=300, deadline=None)
@given(SENDINGS, CAPS, st.integers(1, 20), st.sampled_from(CHANNELS), st.integers(0, 40_000))
def test_the_first_free_instant_is_free_and_the_first(
    sendings: list[Sending], caps: list[Cap], window_s: int, channel: Channel, now_ms: int
) -> None:
    """Free by the rule as it is said, and one millisecond before it is not."""
    free_ms = next_free_ms(sendings, caps, window_s, channel, now_ms)
    rules = [*caps, Cap(1, window_s)]
    assert is_free(sendings, rules, channel, free_ms)
    assert free_ms == now_ms or not is_free(sendings, rules, channel, free_ms - 1)


@settings(max_examples=100, deadline=None)
@given(CAPS, st.integers(1, 20), st.lists(st.tuples(st.integers(0, 9000), st.sampled_from(CHANNELS)), max_size=30))
def test_in_no_period_there_are_more_than_a_cap_lets(
    caps: list[Cap], window_s: int, wishes: list[tuple[int, Channel]]
) -> None:
    """Whoever sends when it is free: every stretch of a period's length is counted."""
    now_ms, sent = 0, list[Sending]()
    for later_ms, channel in wishes:
        now_ms = next_free_ms(sent, caps, window_s, channel, now_ms + later_ms)
        sent.append(sending(now_ms, channel))
    for cap in (*caps, Cap(1, window_s)):
        times = [one.at_ms for one in sent if cap.channel in (None, one.channel)]
        assert all(later - first >= cap.period_s * 1000 for first, later in zip(times, times[cap.n :], strict=False))
