"""Next-purchase dates against purchases that came later."""

from tests.fixtures.lake.builders import Good, Sale, at_ms, write_lake
from vitrine.cli.section_lines import section_lines
from vitrine.refresh.due_card import SPAN_DAYS, WITHIN, due_section, try_due_dates
from vitrine.refresh.engine import Engine, Limits
from vitrine.refresh.lists import Regions

REGIONS = Regions(("north",), "north")
GOODS = [Good("milk", "food/dairy/milk"), Good("tea", "food/drinks/tea"), Good("lamp", "home/light/lamp")]
EVERY, FIRST_HELD_OUT = 20, 135
UNTIL_DAY = FIRST_HELD_OUT + SPAN_DAYS


def sales(until_day):
    """Eight visitors who buy milk and tea every 20 days, and each a lamp once."""
    regular = [
        Sale(f"h{n}", f"{n}-{day}", day + n / 10, item)
        for n in range(8)
        for day in range(0, until_day, EVERY)
        for item in ("milk", "tea")
    ]
    return [*regular, *(Sale(f"h{n}", f"{n}-lamp", 3 + n, "lamp") for n in range(8))]


def trials(folder, bought):
    """The trials of a lake whose held-out span ends at UNTIL_DAY."""
    with Engine(Limits(threads=1)) as engine:
        engine.load_lake(write_lake(folder, GOODS, bought))
        return try_due_dates(engine, REGIONS, at_ms(UNTIL_DAY), lambda *_: None)


def test_dates_of_a_steady_habit_come_true(tmp_path):
    """Whoever buys every 20 days is dated to the day by both methods, and neither gains on the other."""
    trial = trials(tmp_path, sales(UNTIL_DAY))[0]
    assert (trial.within, trial.n_both) == (WITHIN[0], 16)
    assert trial.hits == {"due": 1.0, "plain": 1.0}
    assert trial.gain == (0.0, 0.0, 0.0)


def test_dates_of_a_habit_that_ends_do_not(tmp_path):
    """Nobody buys any more: every date is a miss, and the card says so."""
    ended = [*sales(FIRST_HELD_OUT), Sale("other", "o", UNTIL_DAY - 1, "lamp")]
    found = trials(tmp_path, ended)
    assert (found[0].dated, found[0].hits) == ({"due": 16, "plain": 16}, {"due": 0.0, "plain": 0.0})
    section = due_section(found)
    assert section.tone == "warning"
    assert section.verdict.startswith("0.0 % of ")
    assert "came true %" in "\n".join(section_lines([section]))


def test_one_purchase_makes_no_date_to_compare(tmp_path):
    """Lamps were bought once: no pair of theirs is in the trial."""
    lamps = [sale for sale in sales(UNTIL_DAY) if sale.item == "lamp"]
    found = trials(tmp_path, [*lamps, Sale("other", "o", UNTIL_DAY - 1, "lamp")])
    assert [trial.n_both for trial in found] == [0] * len(WITHIN)
    assert due_section(found).tone == "warning"


def test_dates_near_the_ends_of_the_span_do_not_count(tmp_path):
    """A date counts only with all its days on either side in the span: these fall on its fifth day."""
    three, seven = trials(tmp_path, sales(UNTIL_DAY))
    assert three.dated == {"due": 16, "plain": 16}
    assert seven.dated == {"due": 0, "plain": 0}
