"""Elements of an XML file, one after the other, in memory that does not grow with the file.

Expat is driven directly: what is wanted is built, handed on and forgotten. Whatever a feed has no need of is refused:
entities and document types (the billion laughs, files read by reference), elements too deep, tags too long. The one
document type that is known and means nothing is YML's own, `<!DOCTYPE yml_catalog SYSTEM "shops.dtd">`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from vitrine.catalog.feed_items import Damaged

MAX_DEPTH: Final = 40
MAX_PARTS: Final = 5_000
MAX_TEXT: Final = 10_000
MAX_TOKEN: Final = 1 << 20
PIECE: Final = 1 << 16
HARMLESS_DOCTYPE: Final = ("yml_catalog", "shops.dtd", None, 0)

Path = tuple[str, ...]


@dataclass(slots=True)
class Element:
    """A wanted element: its own text (cut at MAX_TEXT letters), attributes and the elements in it."""

    name: str
    attributes: Mapping[str, str]
    line: int
    texts: list[str] = field(default_factory=list)
    parts: "list[Element]" = field(default_factory=list)
    length: int = 0

    @property
    def text(self) -> str:
        """Its text without the white space around it."""
        return "".join(self.texts).strip()


def elements(chunks: Iterable[bytes], is_wanted: Callable[[Path], bool]) -> Iterator[Element]:
    """Every element whose path of names from the root is wanted, when it ends. Names keep their prefix.

    Raises:
        Damaged: it is no XML, ends early, or holds what a feed must not.
    """
    builder = _Builder(is_wanted)
    fed = 0
    for chunk in chunks:
        for at in range(0, len(chunk), PIECE):
            piece = chunk[at : at + PIECE]
            builder.parse(piece, is_last=False)
            fed += len(piece)
            builder.require_progress(fed)
            yield from builder.taken()
    builder.parse(b"", is_last=True)
    yield from builder.taken()


class _Builder:
    """What expat tells, built up to wanted elements."""

    def __init__(self, is_wanted: Callable[[Path], bool]) -> None:
        self._is_wanted = is_wanted
        self._path: list[str] = []
        self._open: list[Element] = []
        self._n_parts = 0
        self._ready: list[Element] = []
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._entity
        self._parser.SkippedEntityHandler = self._skipped

    def parse(self, data: bytes, *, is_last: bool) -> None:
        """Take a piece of the file."""
        try:
            self._parser.Parse(data, is_last)
        except expat.ExpatError as error:
            message = f"is not well-formed XML: {expat.ErrorString(error.code)}"
            raise Damaged(error.lineno, message, "the export may have been cut off; escape & as &amp;") from error
        except (ValueError, LookupError) as error:  # of the codec that the file names
            raise Damaged(1, "the declared encoding is not known", "use UTF-8 or windows-1251") from error

    def require_progress(self, fed: int) -> None:
        """Refuse a single tag or comment that expat has to hold whole."""
        if fed - self._parser.CurrentByteIndex > MAX_TOKEN:
            raise self._refused(f"a tag or comment is longer than {MAX_TOKEN:,} bytes")

    def taken(self) -> list[Element]:
        """The wanted elements that have ended since the last time."""
        ready, self._ready = self._ready, []
        return ready

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        if len(self._path) > MAX_DEPTH:
            raise self._refused(f"elements are nested deeper than {MAX_DEPTH}")
        if not self._open and not self._is_wanted(tuple(self._path)):
            return
        self._n_parts += 1
        if self._n_parts > MAX_PARTS:
            raise self._refused(f"an item has more than {MAX_PARTS:,} elements")
        element = Element(name, attributes, self._parser.CurrentLineNumber)
        if self._open:
            self._open[-1].parts.append(element)
        self._open.append(element)

    def _end(self, name: str) -> None:
        self._path.pop()
        if not self._open:
            return
        element = self._open.pop()
        if not self._open:
            self._ready.append(element)
            self._n_parts = 0

    def _text(self, data: str) -> None:
        if self._open and self._open[-1].length < MAX_TEXT:
            element = self._open[-1]
            element.texts.append(data[: MAX_TEXT - element.length])
            element.length += len(data)

    def _doctype(self, name: str, system: str | None, public: str | None, has_internal_subset: int) -> None:
        if (name, system, public, has_internal_subset) != HARMLESS_DOCTYPE:
            raise self._refused("the file declares a document type", "remove the line with <!DOCTYPE")

    def _entity(self, name: str, *declared: object) -> None:
        raise self._refused(f"the file declares the entity {name[:40]!r}", "write the text itself")

    def _skipped(self, name: str, is_parameter: bool) -> None:
        self._text(" ")  # &nbsp; and its like under YML's document type: nobody has told us what they are

    def _refused(self, message: str, hint: str = "") -> Damaged:
        return Damaged(self._parser.CurrentLineNumber, message, hint)
