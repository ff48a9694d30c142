"""The demo itself: start the stack, set it up as far as that is not done, serve, end cleanly."""

import argparse
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final

from vitrine.cli.demo_guide import BABY_FOOD, HOUSEHOLD, N_VIEWS, guide, most_bought
from vitrine.cli.demo_journal import Journal
from vitrine.cli.demo_log import ChildrenLog
from vitrine.cli.demo_setup import Setup
from vitrine.cli.progress import show_progress
from vitrine.cli.token_command import mint_on_stack, remember_stack
from vitrine.local.stack import LocalStack, lock
from vitrine.visitors.identity import new_visitor

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop; 0 when that came while serving, 130 when before."""
    state: Path = arguments.state.resolve()
    serving = threading.Event()
    try:
        with interruptible():
            if arguments.reset:
                forget(state)
            state.mkdir(parents=True, exist_ok=True)
            journal = Journal(state / "setup.json")
            with ChildrenLog(state / "logs" / "functions.log") as log, stack(arguments, state, log) as running:
                prepare(running, state, journal)
                log.shown = not arguments.quiet
                serving.set()
                threading.Event().wait()
    except KeyboardInterrupt:
        print(f"\nStopped. The state is kept in {arguments.state}; `make demo` goes on from there.", file=sys.stderr)
    return 0 if serving.is_set() else 130


def stack(arguments: argparse.Namespace, state: Path, log: ChildrenLog) -> LocalStack:
    """The stack of the template, reachable from pages of its own address, with the store's files of this folder."""
    template: Path = arguments.template
    origins = f"http://127.0.0.1:{arguments.port},http://localhost:{arguments.port}"
    return LocalStack(
        template,
        state,
        port=arguments.port,
        environment={"VITRINE_BUNDLE": str(template.resolve().parent)},
        parameters={"AllowedOrigins": origins},
        log=log,
    )


def prepare(running: LocalStack, state: Path, journal: Journal) -> None:
    """Do what is left of the set-up, warm the functions that pages wait for and say what to try."""
    started = time.monotonic()
    setup = Setup(running, state / "lake")
    with show_progress() as progress:
        if not journal.remaining(setup.steps) and not setup.is_published():
            print("The emulator was ended without keeping its data; it is made again.", file=sys.stderr)
            journal.forget(setup.steps[1:])
        journal.run(journal.remaining(setup.steps), progress)
        for n, function in enumerate(serving := ["DecideFunction", "CollectFunction"], 1):
            running.warm(function)
            progress("start the functions", n, len(serving))
    secret = running.environment("DecideFunction")["VITRINE_TOKEN_SECRET"]
    remember_stack(state, running.endpoint, secret)
    household, newcomer = (
        mint_on_stack(visitor, running.endpoint, secret) for visitor in (HOUSEHOLD, new_visitor(os.urandom))
    )
    baby_food = most_bought(setup.lake, BABY_FOOD, N_VIEWS)
    print(f"Ready in {time.monotonic() - started:.0f} s.\n", file=sys.stderr)
    print(guide(running.url, household, newcomer, baby_food, datetime.now(UTC)), flush=True)


def forget(state: Path) -> None:
    """Delete a kept state, unless a stack is running on it."""
    if not state.exists():
        return
    with lock(state):
        for entry in state.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != "lock":
                entry.unlink()


@contextmanager
def interruptible() -> Iterator[None]:
    """The first signal to end raises KeyboardInterrupt, so that everything is closed; further ones are not heard."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
