"""Working one person off: what becomes of a message, whatever the channel answers and whoever dies."""

from dataclasses import replace

import pytest

from tests.outreach.messages import CART, DROP, GOODS, LOUD, POLICY, shop
from tests.outreach.rig import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS, World, event
from tests.outreach.stepping import Killed, refused
from vitrine import keys
from vitrine.errors import DamagedRow, DependencyFailed, ProfileConflict
from vitrine.outreach.channels import Channel
from vitrine.outreach.handing import InDoubt, PushText, decode
from vitrine.outreach.messages import Message, Outreach, Policy
from vitrine.outreach.state import PAUSE_MS, Note
from vitrine.service.outreach import LEASE_MS, MAX_HANDOVERS

EVENING_MS = NOON_MS + 8 * HOUR_MS + 58 * MINUTE_MS  # two minutes before it is quiet


def _ready(*channels: Channel, outreach: Outreach | None = None, at_ms: int = NOON_MS) -> World:
    """A person whose cart calls for a message now."""
    world = World(outreach or shop(CART, DROP), GOODS, now_ms=at_ms - HOUR_MS)
    world.link("anna", ["web"], *(channels or ("mail",)))
    world.tell("web", event("e1", "add_to_cart", world.now_ms))
    world.tell("web", event("e2", "favourite", world.now_ms, "tea"))
    world.now_ms = at_ms
    return world


def _killed(world: World, point: str) -> None:
    def kill() -> None:
        raise Killed

    with pytest.raises(Killed), world.at(point, kill):
        world.work("anna")


def _statuses(world: World) -> list[tuple[str, int]]:
    return [(one.status, one.attempts) for one in world.state("anna").sendings]


def test_a_message_is_sent_and_its_words_are_kept() -> None:
    """The row says so, the words stand under the sending's id, and the alarm is that of the next step."""
    world = _ready()
    report = world.work("anna")
    assert report.outcome == "sent"
    assert report.sending is not None
    assert _statuses(world) == [("sent", 1)]
    row = world.table.memory.rows[keys.message("anna", report.sending.id)]
    content = row["content"]
    assert isinstance(content, bytes)
    assert decode(content) == PushText("anna", "abandoned_cart 0", "https://shop.example/")
    assert world.state("anna").due_ms == report.due_ms
    assert world.work("anna").outcome == "waits"


def test_without_anything_to_say_nothing_is_written() -> None:
    """A look is a read."""
    world = World(shop(), GOODS)
    world.link("anna", ["web"])
    world.run_until(NOON_MS + HOUR_MS)
    assert not [point for point in world.points(lambda: world.work("anna")) if point.startswith(("replace", "write"))]


def test_a_refusal_for_the_moment_is_tried_again_later_and_later() -> None:
    """After one minute, four, sixteen ... whoever looks in between; after six there is a dead letter."""
    world = _ready("push", outreach=shop(CART, policy=LOUD))
    world.channels["push"].answers = [refused("retry")] * MAX_HANDOVERS
    handed_over, pause_ms = [NOON_MS], PAUSE_MS
    for _ in range(MAX_HANDOVERS - 1):
        world.work("anna")
        assert world.work("anna").outcome == "waits"
        handed_over.append(handed_over[-1] + pause_ms)
        pause_ms *= 4
        assert world.state("anna").due_ms == handed_over[-1]
        world.now_ms = handed_over[-1]
    assert not world.letters.records
    world.work("anna")
    assert _statuses(world) == [("failed", MAX_HANDOVERS)]
    assert [one["reason"] for one in world.dead("anna")] == ["the provider says retry"]
    assert not world.inbox


def test_while_a_message_rests_a_better_one_goes() -> None:
    """What a provider did not take for now holds nothing else up."""
    world = _ready("push", outreach=shop(CART, DROP, policy=Policy(POLICY.quiet, 0, 0)))
    world.note("anna", Note("price_drop", "tea", NOON_MS, 699))
    world.channels["push"].answers = [refused("retry")]
    world.work("anna")
    assert world.work("anna").outcome == "sent"
    assert world.got("anna") == ["price_drop 0"]


@pytest.mark.parametrize("kind", ["drop", "suppress"])
def test_a_refusal_for_good_has_a_dead_letter(kind: str) -> None:
    """A suppressed channel is used no more; nothing of either counts for the window."""
    world = _ready("mail", "push")
    world.channels["mail"].answers = [refused(kind)]
    assert world.work("anna").outcome == "refused"
    assert _statuses(world) == [("failed", 1)]
    assert len(world.dead("anna")) == 1
    person = world.service.look("anna").person
    assert person.reaches("mail") == (kind == "drop")
    world.note("anna", Note("price_drop", "tea", NOON_MS, 699))
    assert world.work("anna").outcome == "sent"


def test_a_channel_that_the_store_does_not_have_refuses() -> None:
    """An address of no use is told."""
    world = _ready("mail")
    del world.channels["mail"]
    world.work("anna")
    assert [one["reason"] for one in world.dead("anna")] == ["the store has no channel mail"]


@pytest.mark.parametrize(
    "point",
    ["replace OUTREACH 1 after", "hand over mail 1 before", "hand over mail 1 after", "replace OUTREACH 2 before"],
)
def test_who_dies_between_claim_and_close_leaves_a_doubt(point: str) -> None:
    """After the lease there is a dead letter, the window counts it, and nobody sends it again."""
    world = _ready()
    _killed(world, point)
    n_arrived = len(world.inbox)
    assert world.work("anna").outcome == "busy"
    world.now_ms += LEASE_MS
    assert world.work("anna").outcome == "in_doubt"
    assert [status for status, _ in _statuses(world)] == ["in_doubt"]
    assert len(world.dead("anna")) == 1
    world.run_until(world.now_ms + DAY_MS)
    assert len(world.inbox) == n_arrived


@pytest.mark.parametrize("point", ["write M 1 before", "write M 1 after", "replace OUTREACH 1 before"])
def test_who_dies_before_the_claim_leaves_nothing(point: str) -> None:
    """The next worker sends as if nobody had been there."""
    world = _ready()
    _killed(world, point)
    assert world.work("anna").outcome == "sent"
    assert len(world.inbox) == 1
    assert not world.letters.records


@pytest.mark.parametrize("point", ["hand over webhook 1 before", "hand over webhook 1 after"])
def test_a_channel_that_knows_ids_is_asked_again(point: str) -> None:
    """With the same id and the same words: it arrives once."""
    world = _ready("webhook")
    _killed(world, point)
    world.now_ms += LEASE_MS
    assert world.work("anna").outcome == "sent"
    assert len(world.inbox) == 1
    assert len(set(world.channels["webhook"].handovers)) == 1
    assert not world.letters.records


def test_it_is_asked_again_only_in_the_morning() -> None:
    """A worker dies two minutes before it is quiet; when the lease is over it is."""
    world = _ready("webhook", at_ms=EVENING_MS)
    _killed(world, "hand over webhook 1 before")
    world.run_until(EVENING_MS + DAY_MS)
    assert [one.at_ms for one in world.inbox] == [EVENING_MS + 12 * HOUR_MS + 2 * MINUTE_MS]


def test_it_is_not_asked_again_for_who_bought_meanwhile() -> None:
    """What nothing calls for any more is left in doubt, with a dead letter."""
    world = _ready("webhook")
    _killed(world, "hand over webhook 1 before")
    world.tell("web", event("e3", "purchase", world.now_ms))
    world.run_until(NOON_MS + DAY_MS)
    assert _statuses(world) == [("in_doubt", 1)]
    assert not world.inbox
    assert len(world.dead("anna")) == 1


@pytest.mark.parametrize("then", ["sent", "retry", "drop", "suppress", "in doubt"])
def test_until_a_doubt_is_over_nothing_else_goes(then: str) -> None:
    """The first handover may have arrived, whatever the provider says to the second."""
    world = _ready("webhook", outreach=shop(CART, DROP, policy=LOUD))
    answers = {"sent": [], "in doubt": [InDoubt("no answer")]}
    world.channels["webhook"].answers = [InDoubt("no answer"), *answers.get(then, [refused(then)])]
    assert world.work("anna").outcome == "busy"
    world.note("anna", Note("price_drop", "tea", NOON_MS, 699))
    assert world.work("anna").outcome == "busy"
    world.run_until(NOON_MS + 12 * HOUR_MS)
    assert world.got("anna") == ["abandoned_cart 0"]
    world.run_until(NOON_MS + DAY_MS + HOUR_MS)
    assert world.got("anna")[1:] == ([] if then == "suppress" else ["price_drop 0"])
    assert len(world.dead("anna")) == (then in ("drop", "suppress"))


def test_a_provider_that_never_answers_is_given_up() -> None:
    """After six handovers, each lease twice as long as the one before, there is a dead letter."""
    world = _ready("webhook", outreach=shop(CART, policy=LOUD))
    world.channels["webhook"].answers = [InDoubt("no answer")] * 100
    world.run_until(NOON_MS + DAY_MS)
    assert len(world.channels["webhook"].handovers) == MAX_HANDOVERS
    assert _statuses(world) == [("in_doubt", MAX_HANDOVERS)]
    assert len(world.dead("anna")) == 1


@pytest.mark.parametrize("works_meanwhile", [False, True])
def test_a_note_that_comes_during_a_handover_is_looked_at(works_meanwhile: bool) -> None:
    """Its alarm outlives the lease, also where another worker found the person busy."""
    world = _ready()

    def meanwhile() -> None:
        world.note("anna", Note("price_drop", "tea", NOON_MS, 699))
        if works_meanwhile:
            assert world.work("anna").outcome == "busy"

    with world.at("hand over mail 1 before", meanwhile):
        report = world.work("anna")
    assert report.due_ms == NOON_MS
    world.run_until(NOON_MS + DAY_MS + MINUTE_MS)
    assert world.got("anna") == ["abandoned_cart 0", "price_drop 0"]


def test_more_than_the_store_may_send_in_a_minute_waits_for_the_next() -> None:
    """Nothing is claimed."""
    world = _ready(outreach=shop(CART, policy=Policy(POLICY.quiet, per_minute=0)))
    report = world.work("anna")
    assert (report.outcome, report.due_ms) == ("postponed", NOON_MS + MINUTE_MS)
    assert not _statuses(world)


def test_the_app_that_asks_is_answered_at_once() -> None:
    """Claimed and closed in one write; no other channel sends it again."""
    world = _ready("mail", outreach=shop(_for_the_app()))
    report = world.service.work("anna", frozenset(("app",)))
    assert report.outcome == "shown"
    assert report.words == PushText("anna", "abandoned_cart 0", "https://shop.example/")
    assert world.work("anna").outcome == "waits"
    assert not world.inbox


def _for_the_app() -> Message:
    step = replace(CART.steps[0], channels=("app", "mail"))
    return replace(CART, steps=(step,))


def test_who_cannot_be_worked_off_is_parked() -> None:
    """With a dead letter, without an alarm, and with all that is remembered."""
    world = _ready()
    before = world.state("anna")
    world.table.memory.write([(keys.profile("web"), {"profile": b"?", "rev": 1, "ttl": 2**40})])
    with pytest.raises(DependencyFailed):
        world.work("anna")
    world.service.park("anna", "damaged")
    assert world.dead("anna") == [{"person": "anna", "reason": "damaged"}]
    assert world.state("anna").due_ms is None
    assert not world.table.due
    assert world.state("anna").notes == before.notes


def test_parking_takes_nothing_back_that_others_wrote_meanwhile() -> None:
    """A claim of another worker stays: else the message would go again."""
    world = _ready()
    with world.at("read OUTREACH 1 after", lambda: world.work("anna")):
        world.service.park("anna", "damaged")
    assert _statuses(world) == [("sent", 1)]
    assert len(world.inbox) == 1


def test_a_row_of_no_form_is_parked_as_it_is() -> None:
    """Nobody can write it under a revision."""
    world = _ready()
    world.table.write([(keys.outreach("anna"), {"state": b"?", "shard": "DUE#00", "due": 5})])
    with pytest.raises(DependencyFailed):
        world.work("anna")
    world.service.park("anna", "damaged")
    assert world.table.memory.rows[keys.outreach("anna")] == {"state": b"?"}


def test_nobody_to_park_is_no_fault() -> None:
    """The dead letter is all there is."""
    world = World(shop(), GOODS)
    world.service.park("nobody", "why not")
    assert len(world.dead("nobody")) == 1


def test_a_state_that_is_damaged_is_told_from_a_table_that_does_not_answer() -> None:
    """The first is for a human, the second for the next minute."""
    world = _ready()
    row = dict(world.table.memory.rows[keys.outreach("anna")])
    world.table.write([(keys.outreach("anna"), {**row, "state": b"?"})])
    with pytest.raises(DamagedRow):
        world.work("anna")
    world.table.memory.unread = {keys.outreach("anna")}
    with pytest.raises(DependencyFailed) as error:
        world.work("anna")
    assert not isinstance(error.value, DamagedRow)


def test_a_row_that_is_never_free_is_left_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever loses every race says so; the person is still due."""
    world = _ready()
    monkeypatch.setattr(world.table, "_replace", lambda key, row, rev: False)
    with pytest.raises(ProfileConflict):
        world.work("anna")
    assert world.due() == ["anna"]
    assert not world.inbox
