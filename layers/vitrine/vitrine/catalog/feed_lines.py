"""Feeds of one item a line: CSV and its tab-separated kin, and JSON lines."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson

from vitrine.catalog.feed_bytes import MAX_LINE, lines
from vitrine.catalog.feed_items import LIST_SEPARATOR, NEEDED, Damaged, FeedFault, FeedForm, Ignored, RawItem, Told

_LOOKS_GROUPED: Final = re.compile(r"[0-9]{1,3}\.[0-9]{3}")
BOM: Final = b"\xef\xbb\xbf"
MAX_COLUMNS: Final = 1_000
TOO_LONG: Final = f"the line is longer than {MAX_LINE:,} bytes"


@dataclass(slots=True)
class _Decoded:
    """Lines as text for the csv module, which may take several for one row. Those that cannot be decoded are left out
    and told in `faults`. `first` is the line in which the row began that was read last."""

    source: Iterator[bytes | None]
    encoding: str
    line: int = 0
    first: int = 0
    faults: list[FeedFault] = field(default_factory=list)

    def __iter__(self) -> "_Decoded":
        return self

    def __next__(self) -> str:
        while True:
            data = next(self.source)
            self.line += 1
            self.first = self.first or self.line
            try:
                if data is not None:
                    return (data.removeprefix(BOM) if self.line == 1 else data).decode(self.encoding)
                self.faults.append(FeedFault(self.line, "", "unreadable", TOO_LONG))
            except UnicodeDecodeError:
                hint = "declare the encoding, or save the file as UTF-8"
                self.faults.append(FeedFault(self.line, "", "unreadable", f"the line is not {self.encoding}", hint))


def table_items(chunks: Iterable[bytes], form: FeedForm, ignored: Ignored) -> Told:
    """The rows of a table whose first row names its columns; Google's may be spelled `g:image link`, too.

    Raises:
        Damaged: there is no such first row, or it lacks what every item needs.
    """
    text = _Decoded(lines(chunks), form.encoding)
    rows = csv.reader(text, delimiter=form.separator)
    header = _header(rows, text, form)
    columns = [(at, name) for at, name in enumerate(header) if name in form.wanted]
    for name in header:
        if name not in form.wanted:
            ignored.note(name)
    while True:
        text.first = 0
        try:
            row = next(rows)
        except StopIteration:
            yield from text.faults
            return
        except csv.Error as error:
            yield from _drained(text)
            hint = "a quote may be missing"
            yield FeedFault(text.first, "", "unreadable", f"the row cannot be read: {error}", hint)
            continue
        yield from _drained(text)
        if len(row) == len(header):
            yield RawItem(text.first, {name: row[at] for at, name in columns})
        elif row:
            message = f"the row has {len(row)} values, the header {len(header)}"
            yield FeedFault(text.first, "", "unreadable", message, "put values that hold the separator in quotes")


def _header(rows: Iterator[Sequence[str]], text: _Decoded, form: FeedForm) -> list[str]:
    try:
        names = [name.strip() for name in next(rows, [])]
    except csv.Error as error:
        raise Damaged(1, f"the first row cannot be read: {error}", "it names the columns") from error
    if text.faults:
        raise Damaged(1, text.faults[0].message, text.faults[0].hint)
    if form.format == "google_tsv":
        names = [name.lower().removeprefix("g:").replace(" ", "_") for name in names]
    if not any(names) or len(names) > MAX_COLUMNS:
        raise Damaged(1, "the first row names no columns", "it names the columns")
    for name in NEEDED:
        own = form.fields.get(name, ())
        if own and not set(own).intersection(names):
            hint = f"the columns are {', '.join(names)[:200]}"
            raise Damaged(1, f"there is no column {own[0]!r}, which is the {name}", hint)
    return names


def _drained(text: _Decoded) -> list[FeedFault]:
    faults, text.faults = text.faults, []
    return faults


def json_items(chunks: Iterable[bytes], form: FeedForm, ignored: Ignored) -> Told:
    """The objects of JSON lines. A field of an object in the object is `outer.inner`."""
    wanted = form.wanted
    for number, line in enumerate(lines(chunks), 1):
        if line is None:
            yield FeedFault(number, "", "unreadable", TOO_LONG)
            continue
        bare = (line.removeprefix(BOM) if number == 1 else line).strip()
        if not bare:
            continue
        try:
            plain = orjson.loads(bare)
        except orjson.JSONDecodeError as error:
            yield FeedFault(number, "", "unreadable", f"the line is not JSON: {error.msg}", "one object a line")
            continue
        if isinstance(plain, dict):
            yield RawItem(number, _flat(plain, wanted, ignored))
        else:
            yield FeedFault(number, "", "unreadable", "the line is no JSON object", "one object a line")


def _flat(plain: dict[str, object], wanted: frozenset[str], ignored: Ignored) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in plain.items():
        inner = value.items() if isinstance(value, dict) and name not in wanted else ()
        for path, one in ((name, value), *((f"{name}.{below}", one) for below, one in inner)):
            text = _text(one)
            if path in wanted and text is not None:
                found[path] = text
            elif path not in wanted and not isinstance(one, dict):
                ignored.note(path)
    return found


def _text(value: object) -> str | None:
    """A value as a table would have it; None for null and for what is no single value or list of such."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if _LOOKS_GROUPED.fullmatch(str(value)):
            return f"{value}0"  # else 1.299 might be taken for one thousand and something
        case str() | int() | float():
            return str(value)
        case list():
            return LIST_SEPARATOR.join(text for text in map(_text, value) if text is not None)
    return None
