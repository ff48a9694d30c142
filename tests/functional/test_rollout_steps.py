"""What operators and the schedule do to a trial: promoted, turned down, watched; and killed at every write."""

import argparse
import gzip
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.functional.handlers import CONTEXT, load_handler, recorded_event
from tests.functional.release_rig import Fuse, FusedObjects, FusedTable, Killed, SomeRows, quiet
from tests.functional.trial_rig import QUICK, TICK, Store, good
from tests.unit.rankers import make_network, make_ranker_files
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.cli import rollback_command
from vitrine.cli.model_command import act, configure
from vitrine.cli.releases_command import line
from vitrine.decisions.release import Pointer, parse_pointer
from vitrine.errors import InvalidModel, InvalidRelease
from vitrine.refresh.champion import (
    CURRENT,
    Crown,
    ModelFiles,
    Rejection,
    crown,
    read_crown,
    read_rejected,
    reject,
)
from vitrine.refresh.model_life import life_section, read_life
from vitrine.refresh.publish import Parts, publish
from vitrine.refresh.published import read_manifest, read_parts
from vitrine.refresh.release import list_releases, roll_back
from vitrine.refresh.rollout import (
    admit,
    current_model,
    end_trial,
    enter_canary,
    promote,
    returning_model,
    turn_down,
)
from vitrine.refresh.watch import NOTE

FIRST = "20261122T000000-00000000"


@pytest.fixture
def store() -> Store:
    """A store with a challenger in the shadow."""
    store = Store(11)
    store.admit()
    return store


def test_a_promoted_ranker_serves_at_once_in_a_release_of_its_own(store):
    """Lists, store and rows are those of the release before, which is one rollback away with its own ranker."""
    model, before = store.files.id, store.pointer
    pointer = promote(store.table, store.releases, model, store.now)
    manifest = read_manifest(store.releases, pointer)
    assert current_model(store.releases, pointer) == model
    assert (pointer.rollout, pointer.previous, pointer.lists) == (None, FIRST, FIRST)
    assert manifest.parts["store.json"] == read_manifest(store.releases, before).parts["store.json"]
    assert promote(store.table, store.releases, model, store.now) == pointer
    back = roll_back(store.table, store.releases)
    assert current_model(store.releases, back) == store.champion.id


def test_a_champion_that_is_turned_down_gives_way_to_the_one_before(store):
    """And is not tried again; the very first one has nobody before it."""
    crown(store.releases, store.champion)
    promote(store.table, store.releases, store.files.id, store.now)
    pointer = turn_down(store.table, store.releases, store.files.id, "no good", store.now)
    assert current_model(store.releases, pointer) == store.champion.id == read_crown(store.releases).model
    assert read_rejected(store.releases)[store.files.id].stage == "champion"
    assert admit(store.table, store.releases, store.files, store.now, QUICK).outcome == "left out"
    with pytest.raises(InvalidModel, match="neither on trial nor the champion"):
        turn_down(store.table, store.releases, "ranker-unknown", "why not", store.now)


def test_the_first_champion_cannot_be_turned_down_into_nothing(store):
    """The message names the other way back."""
    promote(store.table, store.releases, store.files.id, store.now)
    with pytest.raises(InvalidModel, match="vitrine rollback"):
        turn_down(store.table, store.releases, store.files.id, "no good", store.now)
    with pytest.raises(InvalidModel, match="not complete"):
        promote(store.table, store.releases, "ranker-unknown", store.now)


def test_before_the_first_release_the_challenger_is_champion_at_once():
    """There is nobody to compare it with, and no pointer to put it into."""
    table, objects = MemoryTable(), MemoryObjects()
    files = ModelFiles(*make_ranker_files(*make_network(1)))
    told = admit(table, objects, files, Store(1).now, QUICK)
    assert (told.outcome, read_crown(objects).model, table.rows) == ("champion", files.id, {})
    with pytest.raises(InvalidRelease, match="no release yet"):
        promote(table, objects, files.id, Store(1).now)


def test_admitting_twice_changes_nothing(store):
    """Neither the one on trial nor the one that serves; another one waits for a later day."""
    before = store.pointer
    assert admit(store.table, store.releases, store.files, store.now, QUICK).outcome == "on trial"
    assert admit(store.table, store.releases, store.champion, store.now, QUICK).outcome == "left out"
    assert store.pointer == before
    end_trial(store.table, store.files.id)
    assert admit(store.table, store.releases, store.champion, store.now, QUICK).outcome == "champion"


def test_whoever_changes_the_pointer_meanwhile_is_not_overwritten(store):
    """A lost race is run again upon what the other one wrote; one that is always lost is an error."""

    class Busy(MemoryTable):
        def replace(self, key, row, expected_rev, timeout_s=None):
            self.rows[key] = {**self.rows[key], "rev": int(self.rows[key]["rev"]) + 1}
            return MemoryTable.replace(self, key, row, expected_rev)

    busy, model = Busy(dict(store.table.rows)), store.files.id
    for change in (lambda: end_trial(busy, model), lambda: promote(busy, store.releases, model, store.now)):
        with pytest.raises(InvalidRelease, match="again and again"):
            change()
    assert busy.rows[keys.RELEASE_POINTER]["release"] == FIRST


def constant(rows, rng):
    """One score for all."""
    return 0 * rows[:, 0]


@pytest.mark.parametrize(("act_", "stage", "ends"), [(good, "canary", "promote"), (constant, "shadow", "roll back")])
def test_a_watch_that_is_killed_at_any_write_goes_on_from_there(act_, stage, ends):
    """Whichever write it was: the pointer names a whole release throughout, and the next run comes to the same end."""
    store = Store(12, act_)
    store.admit()
    if stage == "canary":
        enter_canary(store.table, store.pointer.rollout, store.now, store.policy)
    before = {}, {}
    while store.pointer.rollout is not None:
        before = dict(store.table.rows), dict(store.releases.objects)
        assert store.tick().action in (None, "go on", ends)
    deaths = 0
    for left in range(10):
        fuse = Fuse(left)
        table, objects = FusedTable(dict(before[0]), fuse=fuse), FusedObjects(dict(before[1]), fuse=fuse)
        watch = replace(store.desk.watch, table=table, objects=objects)
        try:
            watch.run()
        except Killed:
            deaths += 1
        fuse.left = 100
        read_manifest(objects, pointer_of(table))
        watch.run()
        wanted = store.files.id if ends == "promote" else store.champion.id
        pointer = pointer_of(table)
        assert (pointer.rollout, current_model(objects, pointer)) == (None, wanted)
        assert (store.files.id in read_rejected(objects)) == (ends == "roll back")
        assert (read_crown(objects).model == store.files.id) == (ends == "promote")
    assert deaths == (10 if ends == "promote" else 3)


def pointer_of(table: MemoryTable) -> Pointer:
    """What serving follows."""
    return parse_pointer(table.rows[keys.RELEASE_POINTER])


def test_a_trial_that_was_decided_before_is_only_ended(store):
    """The note of the rejection was written, the pointer was not: nothing is judged a second time."""
    reject(store.releases, store.files.id, Rejection("slow", "shadow", 1))
    assert "decided before" in store.desk.watch.run().reason
    assert store.pointer.rollout is None
    assert NOTE not in store.releases.objects


def test_a_damaged_note_stops_the_watch_and_not_the_trial(store):
    """Somebody is called; nothing is promoted on what cannot be read."""
    store.releases.put(NOTE, b'{"model":1}')
    with pytest.raises(InvalidModel, match="damaged"):
        store.tick()
    assert store.pointer.rollout is not None


def test_any_release_whose_rows_are_kept_can_be_named(store):
    """Three rankers above the same lists: the first one comes back by its id, an unknown one does not."""
    for seed in (21, 22):
        files = ModelFiles(*make_ranker_files(*make_network(seed)))
        crown(store.releases, files)
        promote(store.table, store.releases, files.id, store.now)
    assert store.pointer.previous != FIRST
    assert roll_back(store.table, store.releases, FIRST).release == FIRST
    for wrong, told in (("20260101T000000-00000000", "not there"), (FIRST, "is current")):
        with pytest.raises(InvalidRelease, match=told):
            roll_back(store.table, store.releases, wrong)


def test_the_list_of_releases_tells_the_trial(store):
    """Beside the ranker that it is compared with."""
    (summary,) = list_releases(store.table, store.releases, lambda data: 0)
    assert summary.trial == store.pointer.rollout
    assert f"on trial {store.files.id} in the shadow: 5% of the decisions" in line(summary)
    end_trial(store.table, store.files.id)
    (summary,) = list_releases(store.table, store.releases, lambda data: 0)
    assert "on trial" not in line(summary)


def run(store: Store, *words: str) -> int:
    """`vitrine model` with these words."""
    parser = argparse.ArgumentParser()
    configure(parser)
    return act(store.desk, parser.parse_args(words))


def test_operators_see_and_steer_a_trial(store, capsys):
    """Status with windows, the canary by hand, promotion, and turning down with a reason."""
    store.live(3)
    assert run(store) == 0
    told = capsys.readouterr().out
    assert f"champion    {store.champion.id} (bundled" in told
    assert f"challenger  {store.files.id} in the shadow" in told
    assert "overlap" in told
    assert run(store, "promote", store.files.id, "--canary") == 0
    assert store.pointer.rollout.stage == "canary"
    assert run(store, "promote", store.files.id, "--canary") == 1
    assert run(store, "watch") == 0
    assert "nothing has arrived yet" in capsys.readouterr().out
    assert run(store, "rollback", store.files.id, "--reason", "ugly") == 0
    assert run(store) == 0
    assert f"turned down {store.files.id}" in capsys.readouterr().out
    assert run(store, "promote", store.files.id) == 0
    assert current_model(store.releases, store.pointer) == store.files.id


def test_the_report_tells_who_serves_and_who_is_on_trial(store):
    """One section, with the windows of the trial and those turned down."""
    store.live(3)
    reject(store.releases, "ranker-old", Rejection("slow", "shadow", 1))
    section = life_section(read_life(store.table, store.releases, QUICK))
    assert store.champion.id in section.verdict
    assert [len(figure.heads) for figure in section.figures] == [11, 4]


def test_the_schedule_watches_and_counts_what_it_ends(store, monkeypatch, capsys):
    """events/watch_model.json through the handler; a rollback prints the metric that the alarm looks at."""
    module = load_handler("watch_model")
    monkeypatch.setattr(module, "service", lambda: store.desk.watch)
    assert module.handler(recorded_event("watch_model"), CONTEXT)["action"] is None
    assert "ChallengersRolledBack" not in capsys.readouterr().out
    store.act = lambda rows, rng: -rows[:, 0]
    for _ in range(4):
        store._serve(500, store.pointer.rollout)
        store.now += TICK
    answer = module.handler(recorded_event("watch_model"), CONTEXT)
    assert (answer["action"], answer["model"], answer["stage"]) == ("roll back", store.files.id, "shadow")
    assert "ChallengersRolledBack" in capsys.readouterr().out


DAMAGE = {
    "an event's kind": ("events/raw", b'{"kind":["click"],"visitor":"v1","item":"i1","at_ms":1}'),
    "an event's decision": ("events/raw", b'{"kind":"click","decision":{"a":1},"visitor":"v1"}'),
    "a packed object": ("decisions", b"\x1f\x8bnot gzip"),
    "half a packed object": ("events/raw", gzip.compress(b'{"kind":"view"}\n' * 99)[:-9]),
    "a record": ("decisions", b'{"decision":1,"at_ms":1795306000000,"model":"m"}'),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_what_is_damaged_in_the_lake_is_left_out_and_counted(store, kind):
    """One line, or one object, stops no watch: the windows are judged by the rest, which is nearly all."""
    prefix, data = DAMAGE[kind]
    at = store.now + TICK / 3
    store.lake.put(f"{prefix}/{at:%Y/%m/%d}/{prefix[:6]}-1-{at:%Y-%m-%d-%H-%M-%S}-9.jsonl.gz", data)
    told = store.live(4)
    assert max(one.damaged for one in told) == 1
    assert any("1 damaged lines" in one.summary for one in told)
    assert {one.action for one in told[2:]} <= {"go on", "canary", None}
    assert "go on" in [one.action for one in told]


def refresh_during(store: Store, meanwhile: Callable[[], object]) -> Pointer:
    """A refresh that read the champion of its beginning, and before whose flip something happens to the pointer."""
    before = store.pointer
    _, files = read_parts(store.releases, before)
    parts = Parts(files["model.onnx"], files["ranker.json"], files["store.json"], b"{}")
    meanwhile()
    return publish(SomeRows(1), parts, before, store.table, store.releases, store.now + TICK, quiet)


def test_a_ranker_that_is_promoted_during_a_refresh_stays(store):
    """The refresh brings its lists, and the ranker that was made current while they were built."""
    pointer = refresh_during(store, lambda: promote(store.table, store.releases, store.files.id, store.now))
    assert current_model(store.releases, pointer) == store.files.id == read_crown(store.releases).model
    assert (pointer.lists, pointer) == (pointer.release, store.pointer)
    assert read_manifest(store.releases, pointer).rows == 1


def test_a_ranker_that_is_turned_down_during_a_refresh_does_not_come_back(store):
    """Nor does one that was rolled back; a trial that only goes on changes nothing."""
    crown(store.releases, store.champion)
    promote(store.table, store.releases, store.files.id, store.now)
    pointer = refresh_during(
        store, lambda: turn_down(store.table, store.releases, store.files.id, "no good", store.now + TICK / 2)
    )
    assert current_model(store.releases, pointer) == store.champion.id
    newer = ModelFiles(*make_ranker_files(*make_network(31)))
    store.now += 2 * TICK
    pointer = refresh_during(store, lambda: admit(store.table, store.releases, newer, store.now, QUICK))
    assert (current_model(store.releases, pointer), pointer.rollout.model) == (store.champion.id, newer.id)


def test_who_was_turned_down_is_not_crowned_again(store):
    """Two bad champions in a row: the message names the ways back, and after one of them the command works."""
    crown(store.releases, store.champion)
    promote(store.table, store.releases, store.files.id, store.now)
    turn_down(store.table, store.releases, store.files.id, "no good", store.now + TICK)
    with pytest.raises(InvalidModel, match=r"was turned down as well; vitrine model promote .* vitrine rollback"):
        turn_down(store.table, store.releases, store.champion.id, "nor this", store.now + 2 * TICK)
    assert store.champion.id not in read_rejected(store.releases)
    pointer = roll_back(store.table, store.releases)
    assert turn_down(store.table, store.releases, store.champion.id, "nor this", store.now + 3 * TICK) == pointer
    assert set(read_rejected(store.releases)) == {store.champion.id, store.files.id}
    assert read_crown(store.releases) == Crown()


def test_a_roll_back_that_the_next_refresh_would_undo_is_told(store, capsys):
    """A release goes back, the champion stays champion until it is turned down."""
    assert returning_model(store.releases, store.pointer) is None
    promote(store.table, store.releases, store.files.id, store.now)
    assert returning_model(store.releases, store.pointer) is None
    assert rollback_command.act(store.table, store.releases, None) == 0
    assert f"unless you run: vitrine model rollback {store.files.id}" in capsys.readouterr().out
    assert returning_model(store.releases, store.pointer) == store.files.id
    turn_down(store.table, store.releases, store.files.id, "no good", store.now + TICK)
    assert returning_model(store.releases, store.pointer) is None
    assert rollback_command.act(store.table, store.releases, None) == 0
    assert "next refresh" not in capsys.readouterr().out
    store.releases.put(CURRENT, b"[")
    assert returning_model(store.releases, store.pointer) is None
