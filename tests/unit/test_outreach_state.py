"""What outreach remembers of a person: in any order the same, bounded, and never guessed from damaged bytes."""

from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, get_args

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrine.errors import DamagedRow, DependencyFailed
from vitrine.outreach.caps import next_free_ms
from vitrine.outreach.channels import CHANNELS, TriggerKind
from vitrine.outreach.messages import Cap
from vitrine.outreach.state import (
    KEPT_FOR_S,
    LOOK_AFTER_MS,
    MAX_NOTES,
    MAX_OF_CHANNEL,
    MAX_OF_MESSAGE,
    MAX_REASON,
    MAX_REMEMBERED,
    MAX_SENDINGS,
    MAX_UNSENT,
    REACHED,
    SETTLED_MS,
    Note,
    Sending,
    State,
    Status,
    StoredState,
    parse_state,
    sending_id,
    shard,
    shard_of,
)
from vitrine.types import DAY_MS, Absent

NOW_MS: Final = 1_793_620_800_000
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
TEXTS = st.text(max_size=8)
TIMES = st.integers(0, 2**53)

SENDINGS = st.builds(
    Sending,
    id=st.integers(0, 30).map(str),
    message=TEXTS,
    step=st.integers(0, 5),
    subject=TEXTS,
    anchor_ms=TIMES,
    channel=st.sampled_from(CHANNELS),
    at_ms=TIMES,
    status=st.sampled_from(STATUSES),
    reason=TEXTS,
    attempts=st.integers(0, 8),
)
NOTES = st.builds(
    Note,
    kind=st.sampled_from(get_args(TriggerKind)),
    subject=st.sampled_from("abcdef"),
    at_ms=st.integers(0, 50),
    value=st.integers(0, 5),
)


def sending(n: int, **changes: Any) -> Sending:
    """The sending of the n-th day."""
    plain = Sending(str(n), "cart", 0, "", n * DAY_MS, "mail", n * DAY_MS, "sent")
    return replace(plain, **changes)


def after(sendings: list[Sending]) -> State:
    """The state after these sendings."""
    state = State()
    for one in sendings:
        state = state.with_sending(one)
    return state


@settings(max_examples=100, deadline=None)
@given(st.lists(SENDINGS, max_size=60), st.lists(NOTES, max_size=60), st.none() | TIMES, TIMES)
def test_a_state_comes_back_from_its_row(
    sendings: list[Sending], notes: list[Note], due_ms: int | None, touched_ms: int
) -> None:
    """Nothing is lost, and equal states give equal bytes."""
    state = replace(after(sendings).noted(notes), due_ms=due_ms, touched_ms=touched_ms)
    row = StoredState(rev=6).successor(state, "anna", NOW_MS)
    assert parse_state(row) == StoredState(state, 7)
    assert parse_state(row).state.encode() == state.encode()


def test_only_what_is_due_is_in_the_index() -> None:
    """A row without an alarm has no attribute of the index at all."""
    resting = StoredState().successor(State(), "anna", NOW_MS)
    assert resting == {"state": State().encode(), "rev": 1, "ttl": NOW_MS // 1000 + KEPT_FOR_S}
    due = StoredState(rev=1).successor(State(due_ms=NOW_MS + 5), "anna", NOW_MS)
    assert (due["shard"], due["due"], due["rev"]) == (shard_of("anna"), NOW_MS + 5, 2)


def test_a_row_that_is_due_late_is_kept_until_then() -> None:
    """The table forgets no alarm."""
    far_ms = NOW_MS + 900 * DAY_MS
    assert StoredState().successor(State(due_ms=far_ms), "anna", NOW_MS)["ttl"] == far_ms // 1000 + KEPT_FOR_S


def test_persons_are_spread_over_the_shards() -> None:
    """16 partitions take 16 times what one takes."""
    counts = [0] * 16
    for n in range(16_000):
        counts[[shard(k) for k in range(16)].index(shard_of(f"person{n}"))] += 1
    assert min(counts) > 1000 - 4 * 31  # four standard errors of a binomial with 16,000 tries
    assert max(counts) < 1000 + 4 * 31


def test_no_row_is_an_empty_state_and_one_not_read_is_none() -> None:
    """Missing is known; not read is not."""
    assert parse_state(Absent.MISSING) == StoredState(State(), None)
    with pytest.raises(DependencyFailed) as caught:
        parse_state(Absent.NOT_READ)
    assert not isinstance(caught.value, DamagedRow)


GOOD: Final = after([sending(2), sending(1, status="failed", reason="no such address")]).noted(
    [Note("price_drop", "milk", NOW_MS, 250), Note("geofence", "shop", NOW_MS)]
)
PLAIN: Final = msgpack.unpackb(GOOD.encode())


def with_part(value: object, *path: int) -> bytes:
    """The bytes of the good state with one part of it replaced."""
    plain = msgpack.unpackb(GOOD.encode())
    inner = plain
    for place in path[:-1]:
        inner = inner[place]
    inner[path[-1]] = value
    packed: bytes = msgpack.packb(plain)
    return packed


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\x94",
        GOOD.encode()[:-1],
        GOOD.encode() + b"\x00",
        with_part(2, 0),
        with_part("soon", 1),
        with_part("12345678", 2),
        with_part(["0123456789"], 2),
        with_part("pigeon", 2, 0, 5),
        with_part("perhaps", 2, 0, 7),
        with_part("never", 2, 0, 6),
        with_part(None, 2, 0, 9),
        with_part(["a"], 2, 0),
        with_part("birthday", 3, 0, 0),
        with_part(1.5, 3, 0, 2),
        with_part(b"milk", 3, 0, 1),
        with_part({1: 2}, 3),
    ],
)
def test_damaged_bytes_are_a_damaged_row(data: bytes) -> None:
    """Nothing is guessed from them."""
    with pytest.raises(DependencyFailed):
        State.decode(data, None)


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"state": "text", "rev": 1},
        {"state": GOOD.encode()},
        {"state": GOOD.encode(), "rev": "1"},
        {"state": b"\xc1", "rev": 1},
    ],
)
def test_a_row_of_another_form_is_damaged(row: Any) -> None:
    """To ask again would not help, and the error says so."""
    with pytest.raises(DamagedRow):
        parse_state(row)


def used(state: State) -> None:
    """Everything that is done with a state: none of it fails for one that was decoded."""
    assert State.decode(state.encode(), None) == replace(state, due_ms=None)
    state.noted([Note("weather", "x", 1)]).with_sending(sending(1)).touched(NOW_MS).resting(None, NOW_MS)
    next_free_ms(state.sendings, [Cap(1, 5, "sms")], 5, "sms", NOW_MS)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(GOOD.encode()) - 1), st.integers(1, 255))
def test_no_flipped_byte_breaks_more_than_the_state(at: int, flip: int) -> None:
    """A damaged state decodes to some state that can be worked with or to our error."""
    data = bytearray(GOOD.encode())
    data[at] ^= flip
    with suppress(DependencyFailed):
        used(State.decode(bytes(data), None))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40) | st.recursive(TIMES | TEXTS | st.none(), st.lists, max_leaves=12).map(msgpack.packb))
def test_no_bytes_are_another_exception(data: bytes) -> None:
    """Whatever somebody put there."""
    with suppress(DependencyFailed):
        used(State.decode(data, None))


@settings(max_examples=200, deadline=None)
@given(st.lists(NOTES, max_size=120), st.lists(st.integers(0, 120), max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_notes_does_not_matter(notes: list[Note], cuts: list[int], random: Any) -> None:
    """Any permutation, with any part repeated, in any batches, makes the same state."""
    shuffled = notes + notes[: len(notes) // 2]
    random.shuffle(shuffled)
    state, start = State(), 0
    for end in (*sorted(cuts), len(shuffled)):
        state, start = state.noted(shuffled[start:end]), max(start, end)
    assert state == State().noted(notes)
    assert state.noted(notes) == state


def test_notes_are_the_newest() -> None:
    """One per kind and subject, and no more than there is room for."""
    notes = [Note("price_drop", f"item{n}", n) for n in range(MAX_NOTES + 5)]
    kept = State().noted([*notes, Note("price_drop", "item9", 0)]).notes
    assert kept == tuple(reversed(notes[5:]))


def test_a_sending_takes_the_place_of_the_one_with_its_id() -> None:
    """A claim that was closed is one sending, not two."""
    claimed = after([sending(1, status="intended"), sending(2)])
    assert claimed.open == sending(1, status="intended")
    closed = claimed.with_sending(sending(1))
    assert closed.sendings == (sending(2), sending(1))
    assert (closed.open, closed.sending("1"), closed.sending("3")) == (None, sending(1), None)


def test_what_did_not_arrive_pushes_out_nothing_that_did() -> None:
    """However often a provider refuses: windows and caps are counted from the rest."""
    state = after([sending(1), *(sending(n, status="failed") for n in range(2, 80))])
    assert state.sending("1") == sending(1)
    assert len(state.sendings) == 1 + MAX_UNSENT
    assert next_free_ms(state.sendings, (), 400 * 86_400, "mail", 80 * DAY_MS) == 401 * DAY_MS


def test_a_long_cap_of_a_rare_message_is_kept() -> None:
    """A message that may go four times a year is not forgotten for daily ones; nor are ten of a rare channel."""
    rare = [sending(n, message="anniversary", channel="sms") for n in range(MAX_OF_MESSAGE)]
    state = after([*rare, *(sending(n) for n in range(100, 300))])
    assert set(rare) <= set(state.sendings)
    of_sms = [sending(n, message=f"m{n}", channel="sms") for n in range(MAX_OF_CHANNEL + 3)]
    state = after([*of_sms, *(sending(n) for n in range(100, 300))])
    assert set(of_sms) <= set(state.sendings)
    assert len(state.sendings) <= MAX_REMEMBERED + MAX_UNSENT


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.sampled_from(CHANNELS), st.sampled_from(STATUSES)), max_size=200))
def test_caps_see_no_difference_to_a_memory_without_bounds(wishes: list[tuple[int, Any, Status]]) -> None:
    """Over all messages up to 40, of a channel up to 10, of a message up to 4: however long the period."""
    every = [
        sending(n, message=f"m{message}", channel=channel, status=status)
        for n, (message, channel, status) in enumerate(wishes)
    ]
    reached = [one for one in reversed(every) if one.status in REACHED]
    kept = after(every).sendings
    assert [one for one in kept if one.status in REACHED][:MAX_SENDINGS] == reached[:MAX_SENDINGS]
    for channel in CHANNELS:
        of_it = [one for one in reached if one.channel == channel]
        assert [one for one in kept if one in of_it][:MAX_OF_CHANNEL] == of_it[:MAX_OF_CHANNEL]
    for name in {one.message for one in reached}:
        of_it = [one for one in reached if one.message == name]
        assert [one for one in kept if one in of_it][:MAX_OF_MESSAGE] == of_it[:MAX_OF_MESSAGE]


def test_a_look_that_is_due_is_perhaps_being_taken() -> None:
    """Only one that a touch asks for, and that comes after what happens now is in the profile, spares an alarm."""
    touched = State().touched(NOW_MS)
    last_ms = NOW_MS + LOOK_AFTER_MS - SETTLED_MS
    assert touched.is_alert(NOW_MS)
    assert touched.is_alert(last_ms)
    assert not touched.is_alert(last_ms + 1)
    assert not touched.is_alert(NOW_MS - 1), "the look is later than it would be"
    assert not State(due_ms=NOW_MS + SETTLED_MS).is_alert(NOW_MS), "a look that nobody's deed asks for may be put off"
    assert not replace(touched, due_ms=NOW_MS).is_alert(NOW_MS)


def test_a_touch_leaves_a_look_behind() -> None:
    """Whoever was at the person meanwhile may not have seen it."""
    touched = State().touched(NOW_MS)
    assert touched.due_ms == NOW_MS + LOOK_AFTER_MS
    looked = replace(touched, due_ms=None).resting(None, NOW_MS + 1)
    assert looked.due_ms == NOW_MS + LOOK_AFTER_MS
    assert looked.resting(None, NOW_MS + LOOK_AFTER_MS).due_ms is None


def test_ids_are_of_their_cause() -> None:
    """The same for the same cause; another where any part of it is another."""
    cause = ("anna", "cart", 0, "milk", NOW_MS)
    others = [("bob", *cause[1:]), ("anna", "c", *cause[2:]), (*cause[:2], 1, *cause[3:]), (*cause[:4], 1)]
    ids = {sending_id(*one) for one in (cause, cause, *others)}
    assert len(ids) == 5
    assert all(len(one) == 32 for one in ids)


@pytest.mark.parametrize(("letter", "width"), [("x", 1), ("ж", 2), ("\U0001f95b", 4)])
def test_the_largest_state_is_small(letter: str, width: int) -> None:
    """As many as there may be of everything, with names of 64 letters of a file and items as long as the wire takes."""
    item = letter * (128 // width)
    statuses: list[Status] = [*["in_doubt"] * MAX_REMEMBERED, *["failed"] * MAX_UNSENT]  # type: ignore[list-item]
    state = after(
        [
            Sending(f"{n:032}", f"{n:064}", 5, item, NOW_MS, "web_push", NOW_MS + n, status, letter * 1000, 8)
            for n, status in enumerate(statuses)
        ]
    )
    state = state.noted(Note("replenishment", f"{n:02}{item[2:]}", NOW_MS, NOW_MS) for n in range(MAX_NOTES))
    assert len(state.sendings) == MAX_REMEMBERED + MAX_UNSENT
    assert all(len(one.reason.encode()) <= MAX_REASON for one in state.sendings)
    size = len(state.encode())
    print(f"largest state: {size:,} bytes")
    assert size < 32 * 1024
