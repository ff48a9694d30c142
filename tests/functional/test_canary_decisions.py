"""Page views of a trial through the decide service: who is shown what, what is recorded, and the same once more."""

from dataclasses import asdict, dataclass, replace
from itertools import count

import numpy as np
import orjson
import pytest

from tests.unit import pages
from tests.unit.pages import NOW
from tests.unit.recorded import RELEASE, World
from vitrine import keys
from vitrine.adapters.memory import MemoryStream, MemoryTable
from vitrine.api.metrics import Meter
from vitrine.decisions.context import DecisionRequest, Options
from vitrine.decisions.release import Pointer, Release
from vitrine.decisions.rollout import Rollout
from vitrine.errors import InvalidModel
from vitrine.refresh.guard import Policy
from vitrine.refresh.trial_records import observe
from vitrine.service.decide import DecideService
from vitrine.service.releases import Releases
from vitrine.service.replay import Replay
from vitrine.types import Page
from vitrine.visitors.identity import TokenKeys, mint

KEYS = TokenKeys("k1", {"k1": b"0123456789abcdef0123456789abcdef"})
CANARY = Rollout("ranker-2", "f" * 64, "canary", 0.05, 0)
SHADOW = replace(CANARY, stage="shadow")
CONSENT = frozenset({"personalization"})
VISITORS = [f"{n:032x}" for n in range(400)]
CHOSEN = [visitor for visitor in VISITORS if CANARY.is_canary(visitor)]
OTHERS = [visitor for visitor in VISITORS if not CANARY.is_canary(visitor)]


class ByFeatures:
    """Scores by the sum of all known features, times a sign."""

    def __init__(self, name: str, sign: float, fails: bool = False) -> None:
        self.id = name
        self.sign = np.float32(sign)
        self.fails = fails
        self.calls = 0

    def score(self, features):
        """The signed sum."""
        self.calls += 1
        if self.fails:
            raise InvalidModel("not finite")
        return self.sign * np.nan_to_num(features).sum(axis=1, dtype=np.float32)


@dataclass(slots=True)
class SlowTable(MemoryTable):
    """A table that takes its time for what is read together with the pointer: before anything is scored."""

    pause_s: float = 0.0
    now_s: float = 0.0

    def read(self, wanted, timeout_s, latest=False):
        """See MemoryTable."""
        if keys.RELEASE_POINTER in wanted:
            self.now_s += self.pause_s
        return MemoryTable.read(self, wanted, timeout_s, latest=latest)


class Shop:
    """A decide service over the recorded world, with a trial in its pointer."""

    def __init__(self, rollout: Rollout | None, fails: bool = False) -> None:
        self.numbers = count()
        self.world = World()
        self.table = SlowTable(self.world.table.rows)
        self.table.rows |= {keys.card(f"item{n}"): _card_row(f"item{n}") for n in range(30)}
        pointer = Pointer(RELEASE, "0" * 64, None, 1, rollout=rollout)
        self.table.rows[keys.RELEASE_POINTER] = pointer.to_row()
        self.challenger = ByFeatures("ranker-2", -1.0, fails)
        self.champion = ByFeatures("ranker-1", 1.0)
        self.stream = MemoryStream()
        self.service = DecideService(
            table=self.table,
            releases=Releases(
                self.table,
                lambda pointer: self.load(RELEASE),
                lambda: self.load(RELEASE),
                load_challenger=lambda rollout: self.challenger,
            ),
            records=self.stream,
            token_keys=lambda kid: KEYS,
            clock=lambda: NOW,
            new_id=lambda now: f"d-{next(self.numbers)}",  # which also seeds what a row explores
            entropy=bytes,
            seconds=lambda: self.table.now_s,
        )

    def load(self, release: str) -> Release:
        """The release, whose own ranker is the champion."""
        return replace(self.world.load(release), ranker=self.champion)

    def decide(self, visitor: str, **options):
        """A home page of a visitor."""
        request = DecisionRequest(Page("home"), session="s", consent=CONSENT, options=Options(**options))
        return self.service.decide(mint(visitor, KEYS), request)

    def replay(self, load_model=None) -> Replay:
        """Replays of what was recorded."""
        return Replay(self.table, self.load, self.world, load_model or (lambda model: ByFeatures(model, -1.0)))


def _card_row(item: str):
    card = pages.card(item)
    return asdict(card) | {"updated_ms": 0}


def shown(outcome) -> list[str]:
    """Items of all rows, in order."""
    return [slot.item for answer in outcome.decision.placements for slot in answer.items]


def test_canaries_are_shown_the_challenger_and_others_the_champion():
    """The answer names the model; the records of all others know nothing of a trial."""
    shop, without = Shop(CANARY), Shop(None)
    assert len(CHOSEN) > 5
    for visitor in OTHERS[:50] + CHOSEN:
        outcome, plain = shop.decide(visitor), without.decide(visitor)
        is_chosen = visitor in CHOSEN
        assert orjson.loads(outcome.body)["model"] == ("ranker-2" if is_chosen else "ranker-1")
        assert (outcome.trial is not None) == is_chosen
        assert (shown(outcome) == shown(plain)) == (not is_chosen)
    records = [orjson.loads(record) for record in shop.stream.records]
    assert [record.get("trial", {}).get("model") for record in records] == [
        "ranker-2" if record["visitor"] in CHOSEN else None for record in records
    ]


def test_the_shadow_changes_no_answer():
    """Some decisions are scored twice, and every visitor sees what they would see without a trial."""
    shop, without = Shop(SHADOW), Shop(None)
    outcomes = [shop.decide(visitor) for visitor in VISITORS]
    tried = [outcome for outcome in outcomes if outcome.trial is not None]
    assert 0 < len(tried) == shop.challenger.calls < len(VISITORS) / 5
    assert {outcome.decision.model for outcome in outcomes} == {"ranker-1"}
    assert [shown(outcome) for outcome in outcomes[:40]] == [shown(without.decide(one)) for one in VISITORS[:40]]


def test_a_canary_whose_challenger_fails_is_shown_the_champion():
    """Within the page view, and the record says so."""
    shop, without = Shop(CANARY, fails=True), Shop(None)
    outcome = shop.decide(CHOSEN[0])
    assert (outcome.decision.model, outcome.trial.failure) == ("ranker-1", "invalid")
    assert shown(outcome) == shown(without.decide(CHOSEN[0]))
    assert outcome.decision.skipped == ()


def test_a_page_view_that_is_late_already_asks_no_challenger():
    """What is left is for the cards of what is shown: the champion answers, and nothing is told of a trial."""
    shop, patient = Shop(CANARY), Shop(CANARY)
    shop.table.pause_s = patient.table.pause_s = 0.17
    outcome = shop.decide(CHOSEN[0], deadline_ms=300)
    assert (outcome.decision.model, outcome.trial, shop.challenger.calls) == ("ranker-1", None, 0)
    assert patient.decide(CHOSEN[0], deadline_ms=3_000).trial is not None


def test_failures_of_a_challenger_are_counted(capsys):
    """By reason; a trial that went well, and a page view without one, print nothing."""
    Meter().count(Shop(CANARY).decide(CHOSEN[0]))
    Meter().count(Shop(CANARY).decide(OTHERS[0]))
    assert "ChallengerFailures" not in capsys.readouterr().out
    Meter().count(Shop(CANARY, fails=True).decide(CHOSEN[0]))
    printed = orjson.loads(capsys.readouterr().out)
    assert (printed["ChallengerFailures"], printed["ChallengerFailuresInvalid"]) == (1, 1)


def test_decisions_of_a_canary_are_made_again_byte_for_byte():
    """By the challenger's own files, also when it is long gone from the pointer; those where it failed, by the
    champion."""
    for fails in (False, True):
        shop = Shop(CANARY, fails)
        for visitor in [*CHOSEN, *OTHERS[:20]]:
            shop.decide(visitor)
        shop.table.rows[keys.RELEASE_POINTER] = Pointer(RELEASE, "0" * 64, None, 3).to_row()
        replayed = [shop.replay().replay_record(record) for record in shop.stream.records]
        assert [(one.identical, *one.gone, *one.differs) for one in replayed] == [(True,)] * len(replayed)
        models = {orjson.loads(one.body)["model"] for one in replayed}
        assert models == ({"ranker-1"} if fails else {"ranker-1", "ranker-2"})


def test_a_replay_without_the_challengers_files_says_what_is_gone():
    """Negative control: with another ranker the answer is another one, and without any none is made."""
    shop = Shop(CANARY)
    shop.decide(CHOSEN[0])

    def gone(model: str):
        raise InvalidModel("the files are not in the bucket")

    (missing,) = [shop.replay(gone).replay_record(record) for record in shop.stream.records]
    assert (missing.identical, missing.gone) == (False, ("ranker ranker-2: the files are not in the bucket",))
    (other,) = [shop.replay(lambda model: shop.champion).replay_record(record) for record in shop.stream.records]
    assert not other.identical


def test_the_watch_reads_what_decide_records():
    """The figures of a window come out of real records: who was tried, who was shown items, who clicked."""
    shop = Shop(CANARY)
    outcomes = {visitor: shop.decide(visitor) for visitor in VISITORS}
    at_ms = int(NOW.timestamp() * 1000)
    clicks = [
        {"kind": "click", "visitor": CHOSEN[0], "decision": outcomes[CHOSEN[0]].decision.id, "at_ms": at_ms + 1},
        {"kind": "purchase", "visitor": OTHERS[0], "item": shown(outcomes[OTHERS[0]])[0], "at_ms": at_ms + 1},
        {"kind": "click", "visitor": OTHERS[1], "item": shown(outcomes[OTHERS[1]])[0], "at_ms": at_ms - 1},
        {"kind": "view", "visitor": OTHERS[2], "item": shown(outcomes[OTHERS[2]])[0], "at_ms": at_ms + 1},
    ]
    events = [*map(orjson.dumps, clicks), b"{", b"[]"]
    seen = observe([*shop.stream.records, b"no json"], events, CANARY, Policy(), at_ms, at_ms + 1)
    assert (seen.window.decisions, seen.window.trials, seen.window.failed) == (len(VISITORS), len(CHOSEN), 0)
    assert (seen.canary.n, seen.control.n) == (len(CHOSEN), len(OTHERS))
    assert (sum(seen.canary.rewarded), sum(seen.control.rewarded)) == (1, 1)
    twice = observe(shop.stream.records * 2, [], CANARY, Policy(), at_ms, at_ms + 1)
    assert twice.window.decisions == len(VISITORS)
    assert observe(shop.stream.records, [], CANARY, Policy(), 0, at_ms).window.decisions == 0


@pytest.mark.parametrize("rollout", [CANARY, SHADOW])
def test_a_dry_run_is_recorded_nowhere(rollout):
    """A canary sees its own order all the same."""
    shop = Shop(rollout)
    outcome = shop.decide(CHOSEN[0], dry_run=True)
    assert not shop.stream.records
    assert outcome.decision.model == ("ranker-2" if rollout is CANARY else "ranker-1")
