"""Take a catalogue feed: read it, hold it against the catalogue, and put it in that one's place or into quarantine.

A feed is taken whole or not at all, but for single items that are held back (see sql/feed_catalogue.sql). What changed
is written first, then the catalogue in one put, then the cards, then the note that this feed was taken: see feed_lake.

The cards follow the catalogue even when the feed is the one we have: a refresh of the lists that began before the last
feed may have written older ones.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from vitrine.catalog.feed_gates import judge
from vitrine.catalog.feed_plan import FeedPlan, Source
from vitrine.catalog.feed_reading import FeedReading
from vitrine.ports import Clock, Objects, Progress, Table
from vitrine.refresh.cards import card_rows, publish_cards
from vitrine.refresh.engine import Engine, Limits
from vitrine.refresh.feed_account import Account, Outcome, gather
from vitrine.refresh.feed_lake import PIECE, FeedLake, Note, digest
from vitrine.refresh.feed_stage import compare, stage_catalogue, stage_feed, tally
from vitrine.refresh.lists import Regions
from vitrine.values import dataclass


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a server says of the version that was fetched, to ask for a newer one (RFC 9110, 8.8)."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Unfetched:
    """There are no bytes: the version is the one of the validators, or nothing is there yet."""

    is_unchanged: bool


Fetch: TypeAlias = Callable[[Source, Fetched, Path], Fetched | Unfetched]
"""Write the bytes of a feed to a path, if it is another version than the one told. Raises DependencyFailed."""


@dataclass(frozen=True, slots=True)
class FeedDesk:
    """What feeds are taken with. `regions` and `currency` are those of the store that is published.

    All three ways of taking a feed raise InvalidSource when the lake is damaged, InvalidRelease when an item is in
    stock in a region that the published store lacks, and DependencyFailed when a server, the table or a bucket is
    silent.
    """

    table: Table
    lake: Objects
    releases: Objects
    clock: Clock
    regions: Regions
    currency: str
    plan: FeedPlan
    fetch: Fetch
    limits: Limits

    def take(self, progress: Progress) -> Account:
        """Fetch the feed, and take it if it is new and passes the gates."""
        with TemporaryDirectory(prefix="vitrine-feed-") as scratch:
            lake = self._lake(scratch)
            note, feed = lake.note(), lake.folder / "feed"
            is_ours = bool(note.catalogue) and note.catalogue == digest(lake.catalogue)
            known = Fetched(note.etag, note.modified) if is_ours else Fetched()
            answer = self.fetch(self.plan.source, known, feed)
            source = str(self.plan.source)
            if isinstance(answer, Unfetched):
                return self._untouched(lake, source, "unchanged" if answer.is_unchanged else "waiting", progress)
            if is_ours and note.feed == digest(feed):
                return self._untouched(lake, source, "unchanged", progress)
            return self._examine(lake, feed, source, answer, progress)

    def take_file(self, feed: Path, progress: Progress) -> Account:
        """Take the feed in a file if it passes the gates."""
        with TemporaryDirectory(prefix="vitrine-feed-") as scratch:
            return self._examine(self._lake(scratch), feed, feed.name, Fetched(), progress)

    def accept(self, name: str, progress: Progress) -> Account:
        """Take a feed out of quarantine, which an operator has looked at.

        Raises:
            InvalidSource: there is none of this name, too.
        """
        with TemporaryDirectory(prefix="vitrine-feed-") as scratch:
            lake = self._lake(scratch)
            feed = lake.quarantined_feed(name)
            return self._examine(lake, feed, f"quarantine {name}", Fetched(), progress, accepts=True)

    def _lake(self, scratch: str) -> FeedLake:
        lake = FeedLake(self.lake, Path(scratch))
        lake.download()
        return lake

    def _examine(
        self,
        lake: FeedLake,
        feed: Path,
        source: str,
        fetched: Fetched,
        progress: Progress,
        *,
        accepts: bool = False,
    ) -> Account:
        """Hold the feed against the catalogue, and do what the gates say."""
        now = self.clock()
        at_ms, bounds, plan = _ms(now), self.plan.bounds, self.plan
        before = digest(lake.catalogue)
        with Engine(self.limits, lake.folder) as engine:
            reading = FeedReading(pieces(feed), plan.form, plan.shop, at_ms)
            heard = stage_feed(engine, reading, lake.folder, progress)
            stage_catalogue(engine, lake.catalogue, lake.gone)
            compare(engine, bounds, at_ms, plan.drop, accepts=accepts)
            counts = tally(engine, heard)
            gates = judge(counts, bounds)
            facts = gather(engine, heard, reading.ignored, gates, is_first=not counts.listed)
            account = Account("accepted", at_ms, source, facts=facts)
            if any(not gate.is_passed and (gate.is_hard or not accepts) for gate in gates):
                return _refuse(lake, feed, replace(account, outcome="quarantined"), now)
            if counts.listed:
                key = f"{before[:8]}{digest(feed)[:8]}"
                account = replace(account, id=lake.keep_changes(engine, key, now))
            lake.keep_catalogue(engine, at_ms)
            account = replace(account, cards=self._write_cards(engine, lake, progress))
        lake.keep_account(account)
        lake.keep_note(Note(digest(feed), digest(lake.catalogue), fetched.etag, fetched.modified))
        return account

    def _untouched(self, lake: FeedLake, source: str, outcome: Outcome, progress: Progress) -> Account:
        """The catalogue stays; a card that differs from it is written again."""
        cards = 0
        if lake.catalogue.is_file():
            with Engine(self.limits, lake.folder) as engine:
                cards = self._write_cards(engine, lake, progress)
        account = Account(outcome, _ms(self.clock()), source, cards=cards)
        last = lake.account()
        if last is not None and last.outcome == "quarantined":
            lake.keep_account(account)  # the shop has gone back to the feed before
        return account

    def _write_cards(self, engine: Engine, lake: FeedLake, progress: Progress) -> int:
        engine.view_parquet("items", lake.catalogue)
        cards = card_rows(engine, self.regions, self.currency, _ms(self.clock()))
        return publish_cards(cards, self.table, self.releases, self.clock, progress)


def pieces(file: Path) -> Iterator[bytes]:
    """A file's bytes, some at a time."""
    with file.open("rb") as source:
        while piece := source.read(PIECE):
            yield piece


def _refuse(lake: FeedLake, feed: Path, account: Account, now: datetime) -> Account:
    refused = replace(account, id=lake.quarantine(feed, now))
    lake.keep_refusal(refused)
    lake.keep_account(refused)
    return refused


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)
