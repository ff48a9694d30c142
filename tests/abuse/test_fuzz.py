"""Every parser for a moment, from a fixed seed; `python -m tests.abuse --minutes N` feeds them for longer."""

import pytest
from hypothesis import strategies as st

from tests.abuse import fuzz
from tests.abuse.fuzz import Parser, feed, feed_for
from tests.abuse.mutations import damaged
from tests.abuse.parsers import PARSERS

EXAMPLES = 60


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_foreign_bytes_are_taken_or_refused(parser: Parser) -> None:
    """By declared errors only, and before the alarm. Some is taken: what is stopped at the door tells little."""
    meal = feed(parser, EXAMPLES, start=1)
    assert meal.finding == ""
    assert meal.n > 0
    # One in a hundred meals of this size has nothing good in it, and which one hangs on the modules that are imported.
    assert meal.taken > 0 or feed(parser, 10 * EXAMPLES, start=2).taken > 0


def careless(data: bytes) -> str:
    """Believes that everything is ASCII."""
    return data.decode("ascii")


def test_an_undeclared_error_is_found() -> None:
    """Negative control: a parser that raises what it does not declare, once the error is not on its list."""
    food = damaged([b"abc"])
    assert feed(Parser("careless", careless, food, (UnicodeDecodeError,)), 200, start=3).finding == ""
    assert "UnicodeDecodeError" in feed(Parser("careless", careless, food, (KeyError,)), 200, start=3).finding
    assert "UnicodeDecodeError" in feed_for(Parser("careless", careless, food), 5.0).finding


def test_a_finding_is_shrunk() -> None:
    """Negative control: the input that is told is about the smallest that breaks the parser."""

    def brittle(data: bytes) -> None:
        if b"[[" in data:
            raise KeyError("two brackets")

    finding = feed(Parser("brittle", brittle, st.binary().map(lambda data: b"[" + data)), 1_000, start=4).finding
    assert finding == "brittle: KeyError('two brackets') from b'[['"
    assert "KeyError" in feed(Parser("brittle", brittle, damaged([b"a[[b"])), 100, start=5).finding


def test_an_endless_parser_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the alarm comes between two steps of Python and ends it."""
    monkeypatch.setattr(fuzz, "FOR_EVER_S", 0.2)

    def loop(data: bytes) -> None:
        while True:
            pass

    assert "of CPU" in feed(Parser("endless", loop, st.just(b"")), 1).finding
