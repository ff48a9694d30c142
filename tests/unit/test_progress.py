"""How progress is shown."""

import io

import pytest

from vitrine.cli.progress import plain_state, show_progress


def test_plain_output_says_when_a_stage_is_done() -> None:
    """Without a terminal a stage ends in one line, said once, and can begin again."""
    shown = io.StringIO()
    with show_progress(shown) as progress:
        for done in (0, 1, 2, 2, 1, 2):
            progress("import", done, 2)
    lines = shown.getvalue().splitlines()
    assert [line.partition(" in ")[0] for line in lines] == ["import: done", "import: done"]


@pytest.mark.parametrize(
    ("done", "total", "elapsed_s", "state"),
    [(0, 10, 5.0, "0 %"), (1, 4, 5.0, "25 %, 15 s left"), (3_000, 0, 5.0, "3,000 so far")],
)
def test_plain_state(done: int, total: int, elapsed_s: float, state: str) -> None:
    """The share that is done and the time left at the pace so far."""
    assert plain_state(done, total, elapsed_s) == state


def test_terminal_gets_a_bar_with_the_stages_name() -> None:
    """On a terminal each stage has a bar."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    with show_progress(shown) as progress:
        progress("import", 0, 0)
        progress("import", 1, 2)
        progress("train", 2, 2)
    assert "import" in shown.getvalue()
    assert "train" in shown.getvalue()
