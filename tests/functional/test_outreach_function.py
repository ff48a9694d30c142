"""The planner's function: from its event to notes in people's rows."""

import pytest

from tests.functional.handlers import CONTEXT, load_handler, recorded_event
from vitrine.errors import DependencyFailed
from vitrine.ports import Progress
from vitrine.refresh.outreach_notes import Planned

APP = load_handler("refresh_outreach")


class Desk:
    """Finds what it is given, and tells of progress."""

    def __init__(self, found: Planned | None) -> None:
        self.found = found

    def plan(self, progress: Progress) -> Planned:
        """One run."""
        progress("write notes", 3, 3)
        if self.found is None:
            raise DependencyFailed("table", "down")
        return self.found


def test_a_run_says_what_it_came_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures, no person."""
    monkeypatch.setattr(APP, "service", lambda: Desk(Planned(1_234, 5, 6)))
    answer = APP.handler(recorded_event("refresh_outreach"), CONTEXT)
    assert answer == {"notes": 1_234, "people": 5, "joined": 6}
    assert Planned(1_234, 5, 6).summary == "1,234 notes found, 5 people have news, 6 visitors joined people"


def test_a_run_that_fails_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the schedule tries again, and then somebody hears of it."""
    monkeypatch.setattr(APP, "service", lambda: Desk(None))
    with pytest.raises(DependencyFailed):
        APP.handler(recorded_event("refresh_outreach"), CONTEXT)
