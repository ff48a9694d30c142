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
from pathlib import Path
from types import FrameType
from typing import Final, Never

from vitrine.adapters.clock import utc_now
from vitrine.cli.demo_bundle import make_bundle
from vitrine.cli.demo_guide import HOUSEHOLD, NEIGHBOUR, Place, find_goods, guide
from vitrine.cli.demo_journal import Journal
from vitrine.cli.demo_log import ChildrenLog
from vitrine.cli.demo_pages import DemoPages
from vitrine.cli.demo_setup import MAIL_FROM, PUSH_APPLICATION, Setup
from vitrine.cli.progress import show_progress
from vitrine.cli.target import remember_stack
from vitrine.errors import DependencyFailed
from vitrine.local.stack import LocalStack, lock
from vitrine.local.weather_server import WeatherServer
from vitrine.places.traffic import mark_traffic
from vitrine.ports import Progress
from vitrine.settings import Settings
from vitrine.types import Absent
from vitrine.visitors.identity import mint, new_visitor
from vitrine.wiring.weather import build_weather_desk

LOG: Final = Path("logs", "functions.log")
TOLD: Final = (
    "DecideFunction",
    "CollectFunction",
    "RefreshRecommendationsFunction",
    "OutreachDueFunction",
    "OutreachSendFunction",
)
"""Functions whose variables commands know."""

OUTREACH: Final = {"MailFrom": MAIL_FROM, "SmsSender": "JOURNEY", "PushApplication": PUSH_APPLICATION}
"""Channels of the demo: the emulator takes what goes out, and the mailbox shows it."""

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop; 0 when that came while serving, 130 when before."""
    state: Path = arguments.state.resolve()
    serving = threading.Event()
    try:
        with interruptible() as stopped:
            if arguments.reset:
                forget(state)
            state.mkdir(parents=True, exist_ok=True)
            journal = Journal(state / "setup.json")
            with ChildrenLog(state / LOG) as log, WeatherServer() as weather:
                pages = DemoPages(arguments.template, state, log)
                with stack(arguments, state, weather.url, log, pages) as running:
                    prepare(running, arguments.state, journal, pages)
                    log.shown = not arguments.quiet
                    serving.set()
                    wait_for(stopped)
    except KeyboardInterrupt:
        print(f"Stopped. The state is kept in {arguments.state}; `make demo` goes on from there.", file=sys.stderr)
    return 0 if serving.is_set() else 130


def stack(
    arguments: argparse.Namespace, state: Path, weather_url: str, log: ChildrenLog, pages: DemoPages
) -> LocalStack:
    """The stack of the template with the demo's pages beside it, which may call it, with the store's files of this
    folder and with simulated weather."""
    template: Path = arguments.template
    own = (f"http://127.0.0.1:{arguments.port}", f"http://localhost:{arguments.port}")
    return LocalStack(
        template,
        state,
        port=arguments.port,
        environment={"VITRINE_BUNDLE": str(make_bundle(state, template.resolve().parent)), "VITRINE_SHOP_URL": own[0]},
        parameters={
            "AllowedOrigins": ",".join((*own, *arguments.origin)),
            "PublicUrl": own[0],
            **OUTREACH,
            "WeatherUrl": weather_url,
            "WeatherArchiveUrl": weather_url,
        },
        log=log,
        sites=pages.sites,
    )


def prepare(running: LocalStack, state: Path, journal: Journal, pages: DemoPages) -> None:
    """Do what is left of the set-up, warm the functions that pages wait for and say what to try."""
    started = time.monotonic()
    setup = Setup(running, state.resolve() / "lake")
    with show_progress() as progress:
        if journal.has_lost(setup.steps):
            print("The emulator was ended without keeping its data; it is made again.", file=sys.stderr)
        journal.run(journal.remaining(setup.steps), progress)
        setup.keep_release(state.resolve())
        observe_weather(running, progress)
        for n, function in enumerate(serving := ["DecideFunction", "CollectFunction", "OperateFunction"], 1):
            running.warm(function)
            progress("start the functions", n, len(serving))
    known_to = [running.environment(function) for function in TOLD]
    remember_stack(state, running.endpoint, {name: text for one in known_to for name, text in one.items()})
    pages.open(running)
    keys = pages.keys()
    known = {visitor: mint(visitor, keys) for visitor in (HOUSEHOLD, NEIGHBOUR)}
    newcomer = mint(new_visitor(os.urandom), keys)
    place = Place(running.url, state, state / LOG, running.operator_token)
    text = guide(place, known, newcomer, find_goods(setup.lake))
    print(f"Ready in {time.monotonic() - started:.0f} s.\n", file=sys.stderr)
    print(text, flush=True)


def observe_weather(running: LocalStack, progress: Progress) -> None:
    """Weather of every region, as if all had visitors; later only of those that have."""
    try:
        desk = build_weather_desk(Settings.from_env(running.environment("RefreshWeatherFunction")))
        for cell in desk.places.cells:
            mark = mark_traffic(cell, Absent.MISSING, utc_now())
            if mark is not None:
                desk.table.write([mark[:2]])
        desk.refresh(progress)
    except DependencyFailed as error:
        print(f"There is no weather yet: {error}", file=sys.stderr)


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


def wait_for(stopped: threading.Event) -> Never:
    """Wait for a signal; raises KeyboardInterrupt within a second even where the handler's own was lost."""
    while not stopped.wait(1):
        pass
    raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """The first signal to end raises KeyboardInterrupt, so that everything is closed; further ones are not heard.

    It sets the event, too: an exception that is raised while a finalizer runs is lost.
    """
    stopped = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        print("\nStopping; the emulator writes its state, which takes some seconds ...", file=sys.stderr, flush=True)
        stopped.set()
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in SIGNALS}
    try:
        yield stopped
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
