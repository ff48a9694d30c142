"""The storefront's files as browsers get them: modules joined, comments gone, with a build for classic scripts.

A bundler would be one more language's packages for the sake of four files. What is joined here is our own code of one
shape: imports stand at the beginnings of lines, and of each name there is one.
"""

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from gzip import compress
from hashlib import sha384
from pathlib import Path
from string import ascii_lowercase
from typing import Final

from rjsmin import jsmin  # type: ignore[import-untyped]

from vitrine.errors import InvalidSource

ENTRIES: Final = ("vitrine.js", "signals.js", "overlays.js", "rendered.js")
"""Files that a page or another file loads by itself."""

CLASSIC: Final = "vitrine.classic.js"
TYPES: Final = ("vitrine.d.ts", "overlays.d.ts", "rendered.d.ts")
NAMES: Final = r"\{(\s*\w+(?:,\s*\w+)*,?\s*)\}"
IMPORT: Final = re.compile(rf'^import {NAMES} from "(\.{{1,2}}/[^"]+)";\n', re.MULTILINE)
EXPORT_LIST: Final = re.compile(rf"^export {NAMES};\n", re.MULTILINE)
EXPORTED: Final = re.compile(r"^export (?=(?:async )?(?:function|class|const|let) (\w+))", re.MULTILINE)
DECLARED: Final = re.compile(r"^(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)
LEFT_OVER: Final = re.compile(r"^(?:import|export)\b(?![.(]).*", re.MULTILINE)
PRIVATE: Final = re.compile(r"^  (?:(?:async|get|set) )?#(\w+)|(?<=\bthis\.)#(\w+)", re.MULTILINE)
CONSTANT: Final = re.compile(r"^const ([A-Z]{2}[A-Z_]*)\b", re.MULTILINE)
COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
LINE_END: Final = re.compile(r"\s*\n\s*")

CLASSIC_FORM: Final = """(() => {{
"use strict";
const {{src, dataset}} = document.currentScript;
{module}
window.Vitrine = {{{exported}}};
if (dataset.start !== "off") start(dataset);
}})();
"""


@dataclass(frozen=True, slots=True)
class Module:
    """A module without its imports and the word `export`. An entry may export what it has imported."""

    text: str
    exported: tuple[str, ...]
    declared: frozenset[str]

    @property
    def public(self) -> frozenset[str]:
        """Names of its own that others may import."""
        return self.declared.intersection(self.exported)


def snippet_files(storefront: Path) -> Mapping[str, bytes]:
    """Name and content of every file that a shop serves, from the folder of their sources.

    Raises:
        InvalidSource: a file is missing, or is not of the shape that can be joined.
    """
    joined = {name: _join(storefront / name) for name in ENTRIES}
    files = {name: f"{body}export {{{','.join(exported)}}};\n" for name, (body, exported) in joined.items()}
    files[CLASSIC] = _classic(*joined[ENTRIES[0]])
    built = {name: jsmin(_shortened(text)).encode() for name, text in files.items()}
    styles = COMMENT.sub("", _read(storefront / "vitrine.css"))
    built["vitrine.css"] = LINE_END.sub("\n", styles).lstrip().encode()
    return built | {name: _read(storefront / name).encode() for name in TYPES}


def gzipped_size(content: bytes) -> int:
    """Bytes that a file has on its way, with gzip at its best."""
    return len(compress(content, 9, mtime=0))


def integrity(content: bytes) -> str:
    """The value of an `integrity` attribute, https://www.w3.org/TR/SRI/."""
    return f"sha384-{b64encode(sha384(content).digest()).decode()}"


def _join(entry: Path) -> tuple[str, tuple[str, ...]]:
    """The text of a module and all that it imports, in the order in which they run, and what the module exports."""
    modules: dict[Path, Module] = {}
    _collect(entry.resolve(), modules)
    public = Counter(name for module in modules.values() for name in module.public)
    declared = Counter(name for module in modules.values() for name in module.declared)
    for name, n in public.items():
        if n > 1:
            raise InvalidSource(f"{entry}: several of its modules export {name}; rename all but one")
    clashing = {name for name, n in declared.items() if n > 1}
    return "".join(_placed(module, clashing) for module in modules.values()), modules[entry.resolve()].exported


def _collect(path: Path, modules: dict[Path, Module]) -> None:
    """Add a module behind all that it imports."""
    if path in modules:
        return
    text = _read(path)
    for _, imported in IMPORT.findall(text):
        _collect((path.parent / imported).resolve(), modules)
    modules[path] = _module(path, text)


def _module(path: Path, text: str) -> Module:
    text = IMPORT.sub("", text)
    listed = ",".join(EXPORT_LIST.findall(text))
    exported = [name.strip() for name in listed.split(",") if name.strip()] + EXPORTED.findall(text)
    text = EXPORTED.sub("", EXPORT_LIST.sub("", text))
    if odd := LEFT_OVER.search(text):
        forms = 'import {a, b} from "./c.js"; export function, class, const; export {a, b};'
        raise InvalidSource(f"{path}: cannot join {odd[0]!r}; the forms are {forms}")
    return Module(text, tuple(exported), frozenset(DECLARED.findall(text)))


def _placed(module: Module, clashing: set[str]) -> str:
    """A module's text; in a scope of its own where another module has a private name of its, too."""
    if not (module.declared - module.public) & clashing:
        return module.text
    names = ", ".join(sorted(module.public))
    return f"const {{{names}}} = (() => {{\n{module.text}\nreturn {{{names}}};\n}})();\n"


def _classic(module: str, exported: tuple[str, ...]) -> str:
    """The same as a script that starts by itself, in ASCII: it is read in whatever encoding the page has."""
    text = CLASSIC_FORM.format(module=module.replace("import.meta.url", "src"), exported=", ".join(exported))
    return "".join(letter if letter.isascii() else f"\\u{ord(letter):04x}" for letter in text)


def _shortened(text: str) -> str:
    """Private names of classes, and those of constants in capitals, made short: nobody outside can tell."""
    named = Counter(found[1] or found[2] for found in PRIVATE.finditer(text))
    short = {name: f"#{_letters(index)}" for index, (name, _) in enumerate(named.most_common())}
    text = PRIVATE.sub(lambda found: found[0].replace(f"#{found[1] or found[2]}", short[found[1] or found[2]]), text)
    for index, name in enumerate(sorted(set(CONSTANT.findall(text)))):
        text = re.sub(rf"\b{name}\b", _letters(index).upper(), text)
    return text


def _letters(index: int) -> str:
    """a to z, aa to zz."""
    return ascii_lowercase[index] if index < 26 else _letters(index // 26 - 1) + ascii_lowercase[index % 26]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        remedy = "the folder should be Vitrine's own storefront/"
        raise InvalidSource(f"cannot read {path}: {error.strerror}; {remedy}") from error
