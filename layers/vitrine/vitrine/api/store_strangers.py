"""Files in a store folder that nothing reads: a misspelt name would drop what they say without a word."""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Final

READ: Final = (".yaml", ".yml", ".geojson")
"""Endings of files that hold parts of a store. Others, such as notes and an editor's schemas, are nobody's concern."""


def strangers(folder: Path, known: Iterable[str], many: Collection[str]) -> Iterator[tuple[str, str]]:
    """Names of the files that are neither `known` nor in one of the folders `many`, with what to do; hidden ones are
    passed over."""
    names = sorted(known)
    for path in sorted(folder.rglob("*")):
        file = path.relative_to(folder)
        if path.suffix.lower() not in READ or any(part.startswith(".") for part in file.parts):
            continue
        if file.as_posix() not in names and not (file.parent.as_posix() in many and path.suffix != ".geojson"):
            yield file.as_posix(), _remedy(file, names, many)


def _remedy(file: Path, names: list[str], many: Collection[str]) -> str:
    if file.parts[0] in many:
        return f"move it to {file.parts[0]}/ itself, and let it end in .yaml"
    stems = {name.partition(".")[0]: name for name in names}
    close = get_close_matches(file.stem, stems, n=1, cutoff=0.7)
    if close:
        return f"did you mean {stems[close[0]]!r}?"
    return f"rename it to one of {', '.join(names)}, or move it to {' or '.join(f'{one}/' for one in many)}"
