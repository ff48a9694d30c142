"""`vitrine outreach`: what an operator is told, and what the switches and the dead letters do."""

import argparse
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from tests.functional.outreach_shop import MINUTE_MS, Shop
from vitrine import keys
from vitrine.cli.outreach_command import act, configure, instant
from vitrine.errors import InvalidSource
from vitrine.outreach.handing import InDoubt, Refused
from vitrine.outreach.state import parse_state


def vitrine(shop: Shop, *words: str) -> int:
    """Run `vitrine outreach` with these words at the shop's desk."""
    parser = argparse.ArgumentParser()
    configure(parser)
    return act(shop.desk, parser.parse_args(words))


@pytest.fixture
def shop() -> Shop:
    """Ana left ice cream in the cart five minutes ago; it is ten in the morning where she is."""
    shop = Shop()
    shop.now += timedelta(hours=4)
    shop.link("ana", ["w1"], "mail", "sms")
    shop.tell("w1", ("add_to_cart", "ice"))
    shop.now += timedelta(minutes=5)
    return shop


def mailed(shop: Shop) -> Shop:
    """The same when the letter has been due for a while, and somebody looked."""
    shop.now += timedelta(hours=2)
    shop.work("ana")
    return shop


def test_due_tells_who_is_late_and_what_the_next_hour_brings(shop, capsys):
    """By shard and by minute, with bars."""
    assert vitrine(shop, "due") == 0
    assert "Nobody is due." in capsys.readouterr().out
    shop.now += timedelta(minutes=8)
    assert vitrine(shop, "due") == 0
    said = capsys.readouterr().out
    assert "1 person is due; the oldest for 3 min: ana" in said
    assert "02 Nov 16:10  ████" in said
    assert "DUE#" in said
    assert "The next hour brings 0 alarms" in said


def test_due_for_machines(shop, capsys):
    """One JSON object, with the next hour in steps of five minutes."""
    assert vitrine(shop, "due", "--json") == 0
    told = orjson.loads(capsys.readouterr().out)
    assert told["due"] == 0
    assert told["next_hour"] == [1, *[0] * 11]


def test_a_dry_run_tells_the_words_and_changes_nothing(shop, capsys):
    """An hour later the letter would go."""
    before = shop.table.rows.copy()
    assert vitrine(shop, "dry-run", "ana", "--at", "2026-11-02T17:30+00:00") == 0
    said = capsys.readouterr().out
    assert "Now: cart-left goes by mail." in said
    assert "| Subject: cart-left for ana" in said
    assert "| Ana, your cart waits" in said
    assert vitrine(shop, "dry-run", "ana") == 0
    assert "cart-left (priority 30): is due Mon 02 Nov 2026 11:00" in capsys.readouterr().out
    assert shop.table.rows == before
    assert shop.channels["mail"].handed == []


def test_a_dry_run_of_all_who_are_due(shop, capsys):
    """Nobody, then Ana; nobody named is a wrong use."""
    assert vitrine(shop, "dry-run", "--all-due") == 0
    assert "Nobody is due." in capsys.readouterr().out
    shop.now += timedelta(hours=1)
    assert vitrine(shop, "dry-run", "--all-due", "--json") == 0
    assert orjson.loads(capsys.readouterr().out)["sends"] == "cart-left"
    assert vitrine(shop, "dry-run") == 2


def test_a_person_who_cannot_be_read_spoils_no_other(shop, capsys):
    """The code says that there was one."""
    shop.link("bad", ["w9"], "mail")
    shop.table.write([(keys.outreach("bad"), {"state": b"?", "rev": 1})])
    assert vitrine(shop, "dry-run", "bad", "ana") == 1
    said = capsys.readouterr().out
    assert "Person bad: cannot be read" in said
    assert "Person ana" in said


def test_why_tells_what_was_sent_and_every_candidate(shop, capsys):
    """With the reason, what would have to change, and the next look in the person's zone."""
    mailed(shop)
    assert vitrine(shop, "why", "ana") == 0
    said = capsys.readouterr().out
    assert "Person ana (Ana), America/Chicago, now Mon 02 Nov 2026 12:05" in said
    assert "Mon 02 Nov 2026 12:05  cart-left by mail  was sent" in said
    assert "because goods were left in the cart, Mon 02 Nov 2026 10:00" in said
    assert "Next look: Wed 04 Nov 2026 12:05" in said
    assert "near-a-shop: nothing calls for it: they passed none of its shops lately" in said


def test_why_of_a_stranger_is_a_clear_error(shop):
    """And so is what is no id at all."""
    with pytest.raises(InvalidSource, match=r"nothing is known of nobody; .* vitrine people put"):
        vitrine(shop, "why", "nobody")
    with pytest.raises(InvalidSource, match="no id of a person"):
        vitrine(shop, "why", "a b")


def test_an_unreachable_person_is_told_channel_by_channel(shop, capsys):
    """No address, not allowed, must not be used: each is another thing to do."""
    shop.link("ben", ["w2"], "webhook")
    shop.tell("w2", ("add_to_cart", "ice"))
    vitrine(shop, "why", "ben")
    assert "step 1 cannot reach them: mail has no address; push has no address" in capsys.readouterr().out


def test_what_is_stopped_is_not_sent_until_it_is_started(shop, capsys):
    """A message, a channel, or everything."""
    assert vitrine(shop, "stop", "cart-left") == 0
    assert vitrine(shop, "stop", "sms") == 0
    assert "Switched off by hand: cart-left, sms" in capsys.readouterr().out
    assert mailed(shop).state("ana").sendings == ()
    vitrine(shop, "why", "ana")
    assert "to change that: vitrine outreach start cart-left" in capsys.readouterr().out
    assert vitrine(shop, "start", "cart-left") == 0
    assert vitrine(shop, "start", "sms") == 0
    assert "Switched off by hand: nothing" in capsys.readouterr().out
    assert mailed(shop).state("ana").sendings != ()


def test_a_switch_that_there_is_not_names_those_there_are(shop):
    """Nothing is switched by a slip of the pen."""
    with pytest.raises(InvalidSource, match=r"no message or channel 'cart'; there are: all, mail, .*cart-left"):
        vitrine(shop, "stop", "cart")


def test_a_failed_sending_is_made_again_by_redrive(shop, capsys):
    """And its letter is gone."""
    shop.channels["mail"].results = (Refused("drop", "the sender is not verified"),)
    assert mailed(shop).state("ana").sendings[0].status == "failed"
    shop.channels["mail"].results = shop.channels["push"].results
    assert vitrine(shop, "redrive") == 0
    assert "person ana, cart-left by mail: the sender is not verified" in capsys.readouterr().out
    assert shop.queue.waiting == []
    assert shop.queue.hidden == {}
    shop.now += timedelta(minutes=5)
    shop.work("ana")
    assert [one.status for one in shop.state("ana").sendings] == ["sent"]


def test_what_may_have_arrived_is_only_sent_again_if_that_is_asked_for(shop, capsys):
    """It is said that they may get it twice."""
    shop.channels["mail"].results = (InDoubt("no answer"),)
    mailed(shop)
    shop.channels["mail"].results = shop.channels["push"].results
    assert vitrine(shop, "redrive") == 1
    assert "with --again it is sent again, and they may get it twice" in capsys.readouterr().out
    shop.work("ana")
    assert [one.status for one in shop.state("ana").sendings] == ["in_doubt"]
    shop.queue.show()
    assert vitrine(shop, "redrive", "--again") == 0
    shop.now += timedelta(minutes=5)
    shop.work("ana")
    assert [one.status for one in shop.state("ana").sendings] == ["sent"]


def test_a_parked_person_is_looked_at_again(shop, capsys):
    """The alarm that parking took away is back."""
    shop.service.park("ana", "a bug")
    assert parse_state(shop.table.rows[keys.outreach("ana")]).state.due_ms is None
    assert vitrine(shop, "redrive", "--person", "ben") == 0
    shop.queue.show()
    assert vitrine(shop, "redrive", "--list") == 0
    assert parse_state(shop.table.rows[keys.outreach("ana")]).state.due_ms is None
    shop.queue.show()
    assert vitrine(shop, "redrive", "--person", "ana") == 0
    assert parse_state(shop.table.rows[keys.outreach("ana")]).state.due_ms == shop.now_ms
    assert "back: somebody looks at them within a minute" in capsys.readouterr().out


def test_poison_stays_until_it_is_dropped(shop, capsys):
    """Nothing can be done with what names nobody."""
    shop.queue.send([b"\xff{not json", b'{"person":"a b"}', b"[]"])
    assert vitrine(shop, "redrive") == 1
    assert capsys.readouterr().out.count("it names no person") == 3
    shop.queue.show()
    assert vitrine(shop, "redrive", "--drop") == 0
    assert (shop.queue.waiting, shop.queue.hidden) == ([], {})


def test_a_letter_of_a_person_whose_row_is_damaged_is_kept(shop, capsys):
    """With the way to mend it."""
    shop.table.write([(keys.outreach("bad"), {"state": b"?", "rev": 1})])
    shop.queue.send([b'{"person":"bad","reason":"damaged"}'])
    assert vitrine(shop, "redrive") == 1
    assert "what is kept of the person is damaged" in capsys.readouterr().out


def test_drop_goes_with_nothing_else(shop):
    """It is not to be taken for something harmless."""
    with pytest.raises(InvalidSource, match="neither --again nor --list"):
        vitrine(shop, "redrive", "--drop", "--again")


def test_a_preview_is_written_to_files(shop, tmp_path: Path, capsys):
    """A mail as a page and its twin; a text message as text. Nothing is kept of it."""
    before = shop.table.rows.copy()
    assert vitrine(shop, "preview", "cart-left", "--person", "ana", "--out", str(tmp_path)) == 0
    assert vitrine(shop, "preview", "cart-left", "--person", "ana", "--step", "2", "--out", str(tmp_path)) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "cart-left-1.html",
        "cart-left-1.txt",
        "cart-left-2.txt",
    ]
    assert "Ana, your cart waits" in (tmp_path / "cart-left-1.html").read_text()
    assert "Ana, your ice cream waits" in (tmp_path / "cart-left-2.txt").read_text()
    assert str(tmp_path / "cart-left-1.html") in capsys.readouterr().out
    assert shop.table.rows == before


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["cart"], "no message 'cart'; there are: cart-left, browse-left, near-a-shop"),
        (["cart-left", "--step", "3"], "no step '3'; there are: 1, 2"),
        (["cart-left", "--channel", "sms"], "no channel 'sms'; there are: mail, push"),
    ],
)
def test_a_preview_of_what_there_is_not_names_what_there_is(shop, tmp_path: Path, words, fault):
    """Message, step, channel."""
    with pytest.raises(InvalidSource, match=fault):
        vitrine(shop, "preview", *words, "--person", "ana", "--out", str(tmp_path))


def test_an_instant_without_a_zone_is_utc():
    """And what is none is a wrong use."""
    assert instant("2026-11-02T16:00").timestamp() * 1000 == Shop().now_ms + 240 * MINUTE_MS
    with pytest.raises(argparse.ArgumentTypeError, match="write an instant such as"):
        instant("tomorrow")
