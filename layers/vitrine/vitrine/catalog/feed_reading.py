"""A whole feed as a stream: bytes in, items and faults out, in memory that does not grow with the feed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from vitrine.catalog import feed_google, feed_yml
from vitrine.catalog.feed_bytes import unpacked
from vitrine.catalog.feed_google import google_items
from vitrine.catalog.feed_items import Damaged, FeedFault, FeedForm, FeedItem, Format, Ignored, Shop, Told
from vitrine.catalog.feed_lines import json_items, table_items
from vitrine.catalog.feed_rows import Rows
from vitrine.catalog.feed_yml import yml_items

FIELDS_OF: Final[Mapping[Format, Mapping[str, tuple[str, ...]]]] = {
    "google_xml": feed_google.FIELDS,
    "google_tsv": feed_google.FIELDS,
    "yml": feed_yml.FIELDS,
    "csv": {},
    "jsonl": {},
}
"""What the formats themselves call the fields; a table's and an object's names are the shop's own."""


class FeedReading:
    """Iterate once. `ignored` then has how often each field came that is not looked at (of a table: its columns)."""

    def __init__(self, chunks: Iterable[bytes], form: FeedForm, shop: Shop, now_ms: int) -> None:
        self.ignored = Ignored()
        self._chunks = chunks
        self._form = form
        self._rows = Rows(form, shop, now_ms)

    def __iter__(self) -> Iterator[FeedItem | FeedFault]:
        """Items and faults in the feed's order; a fault of kind `damaged` is the last."""
        try:
            for told in self._told():
                yield told if isinstance(told, FeedFault) else self._rows.item(told)
        except Damaged as error:
            yield error.fault

    def _told(self) -> Told:
        chunks = unpacked(self._chunks, self._form.max_bytes)
        form, ignored = self._form, self.ignored
        match form.format:
            case "google_xml":
                return google_items(chunks, form, ignored)
            case "yml":
                return yml_items(chunks, form, ignored)
            case "jsonl":
                return json_items(chunks, form, ignored)
            case "google_tsv" | "csv":
                return table_items(chunks, form, ignored)
