"""YAML to plain values with the line of every place, by the rules of YAML 1.2.

PyYAML's own loader follows YAML 1.1, where `no` (Norway's code) is false, 12:30 is 750 and the last of two equal keys
wins in silence. We take only its events: they carry lines, and whatever is too deep or too large is refused while it is
read, before a handful of nested aliases has become a billion values.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from vitrine.api.store_faults import Place

MAX_BYTES: Final = 2_000_000
MAX_DEPTH: Final = 40
MAX_VALUES: Final = 200_000  # aliases counted as often as they stand for their anchor

_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,18}\Z")
_NUMBER: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TEXT_TAG: Final = "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong in the text itself, and in which line (1 is the first)."""

    line: int
    message: str
    hint: str = ""


@dataclass(slots=True)
class Document:
    """One file as plain values. `lines` has the line of each place that the text spells out."""

    plain: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)
    is_unreadable: bool = False

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest one around it that is written down."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


class _Refused(Exception):
    """The text cannot be read on."""

    def __init__(self, line: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.complaint = Complaint(line, message, hint)


def read_yaml(data: bytes) -> Document:
    """The one document in the bytes. Total: what is wrong is in its complaints, and then `plain` may be None."""
    if len(data) > MAX_BYTES:
        complaint = Complaint(1, f"the file is larger than {MAX_BYTES:,} bytes", "split it")
        return Document(complaints=[complaint], is_unreadable=True)
    document = Document()
    try:
        document.plain = _Builder(document, data.decode("utf-8")).document()
    except (UnicodeDecodeError, yaml.YAMLError, _Refused) as error:
        document.is_unreadable = True
        document.complaints.append(_complaint(error, data))
    return document


def _complaint(error: Exception, data: bytes) -> Complaint:
    match error:
        case _Refused():
            return error.complaint
        case UnicodeDecodeError():
            return Complaint(data[: error.start].count(b"\n") + 1, "is not UTF-8", "save the file as UTF-8")
        case yaml.MarkedYAMLError():
            mark = error.problem_mark or error.context_mark
            return Complaint(mark.line + 1 if mark else 1, f"is not YAML: {error.problem or error.context}")
    return Complaint(1, f"is not YAML: {error}")


class _Builder:
    """Builds plain values from a stream of events. Depth is bounded, so that recursion is, too."""

    def __init__(self, document: Document, text: str) -> None:
        self._document = document
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=loader)
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._n_values = 0

    def document(self) -> Any:  # noqa: ANN401 - any YAML
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        plain = self._value(next(self._events), ())
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _Refused(_line(after), "holds a second document", "one file is one document: remove the '---'")
        return plain

    def _value(self, event: yaml.Event, place: Place) -> Any:  # noqa: ANN401 - any YAML
        self._document.lines.setdefault(place, _line(event))
        self._count(1, event)
        if len(place) > MAX_DEPTH:
            raise _Refused(_line(event), f"is nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        tag = getattr(event, "tag", None)
        if tag is not None and tag != _TEXT_TAG:
            raise _Refused(_line(event), f"has the tag {tag}", "tags have no meaning here: remove it")
        before = self._n_values
        if isinstance(event, yaml.MappingStartEvent):
            plain: Any = self._mapping(place)
        elif isinstance(event, yaml.SequenceStartEvent):
            plain = self._sequence(place)
        else:
            plain = _scalar(event)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = (plain, self._n_values - before + 1)
        return plain

    def _alias(self, event: yaml.AliasEvent) -> Any:  # noqa: ANN401 - any YAML
        if event.anchor not in self._anchors:
            said = f"the alias *{event.anchor} stands for nothing that ends before it"
            raise _Refused(_line(event), said, f"mark something with &{event.anchor} first")
        plain, n_values = self._anchors[event.anchor]
        self._count(n_values, event)
        return plain

    def _mapping(self, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise _Refused(_line(event), "a key has to be a text")
            key, line = event.value, _line(event)
            if key in found:
                first = self._document.lines[(*place, key)]
                said = f"the key {key!r} stands twice; line {first} has it, too"
                self._document.complaints.append(Complaint(line, said, "keep one of them"))
            else:
                self._document.lines[(*place, key)] = line
            found[key] = self._value(next(self._events), (*place, key))
        return found

    def _sequence(self, place: Place) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*place, len(found))))
        return found

    def _count(self, n_values: int, event: yaml.Event) -> None:
        self._n_values += n_values
        if self._n_values > MAX_VALUES:
            raise _Refused(_line(event), f"comes to more than {MAX_VALUES:,} values", "use fewer aliases")


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return 1 if mark is None else int(mark.line) + 1


def _scalar(event: yaml.Event) -> Any:  # noqa: ANN401 - any YAML scalar
    text: str = event.value  # type: ignore[attr-defined]  # a scalar event is all that is left
    if not event.implicit[0]:  # type: ignore[attr-defined]  # quoted, or tagged as a text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    if _NUMBER.match(text) and math.isfinite(number := float(text)):
        return number
    return text
