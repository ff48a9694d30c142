"""The storefront's files as they are shipped: their size, what they export, and how they are joined."""

import re
from base64 import b64decode
from hashlib import sha384
from pathlib import Path

import pytest

from vitrine.cli import main
from vitrine.errors import InvalidSource
from vitrine.local.snippet import gzipped_size, integrity, snippet_files

STOREFRONT = Path(__file__).parents[2] / "storefront"
LIMIT = 6 * 1024


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """Name and content of every file."""
    return dict(snippet_files(STOREFRONT))


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A storefront of next to nothing."""
    others = (
        "signals.js",
        "overlays.js",
        "rendered.js",
        "vitrine.css",
        "vitrine.d.ts",
        "overlays.d.ts",
        "rendered.d.ts",
    )
    for name in others:
        (tmp_path / name).write_text("")
    (tmp_path / "vitrine.js").write_text(
        'import {b} from "./b.js";\nfunction start() { return b(); }\nexport {start};\n'
    )
    (tmp_path / "b.js").write_text("export function b() {}\n")
    return tmp_path


def test_all_files_are_there(files: dict[str, bytes]) -> None:
    """By the names that pages use."""
    assert list(files) == [
        "vitrine.js",
        "signals.js",
        "overlays.js",
        "rendered.js",
        "vitrine.classic.js",
        "vitrine.css",
        "vitrine.d.ts",
        "overlays.d.ts",
        "rendered.d.ts",
    ]


@pytest.mark.parametrize("name", ["vitrine.js", "vitrine.classic.js"])
def test_the_snippet_is_small(files: dict[str, bytes], name: str) -> None:
    """At most 6 KB on its way."""
    assert gzipped_size(files[name]) <= LIMIT


def test_nothing_is_left_to_load_but_what_is_loaded_late(files: dict[str, bytes]) -> None:
    """One request for the module; signals and overlays each bring theirs along."""
    for name in ("vitrine.js", "signals.js", "overlays.js", "rendered.js"):
        assert not re.search(rb"^import\b(?!\()", files[name], re.MULTILINE)
    assert b"import.meta" not in files["vitrine.classic.js"]
    assert b"export" not in files["vitrine.classic.js"]
    assert files["vitrine.classic.js"].isascii()


def test_every_export_is_typed(files: dict[str, bytes]) -> None:
    """And nothing else that is no type."""
    exported = re.findall(rb"export ?\{([^}]*)\}", files["vitrine.js"])
    names = {name.strip() for name in exported[-1].decode().split(",") if name.strip()}
    typed = set(re.findall(r"^export (?:function|const|class) (\w+)", files["vitrine.d.ts"].decode(), re.MULTILINE))
    assert names == typed
    window = re.search(r"Vitrine\?: \{(.*?)\};\n  \}", files["vitrine.d.ts"].decode(), re.DOTALL)
    assert window is not None
    assert set(re.findall(r"(\w+): typeof", window[1])) == names


def test_every_method_of_the_snippet_is_typed() -> None:
    """Public methods of the class are those of the interface."""
    source = (STOREFRONT / "vitrine.js").read_text()
    methods = set(re.findall(r"^  (?:async )?([a-z]\w*)\([^)]*\) \{$", source, re.MULTILINE)) - {"constructor"}
    interface = re.search(
        r"export interface Vitrine \{(.*?)^\}", (STOREFRONT / "vitrine.d.ts").read_text(), re.DOTALL | re.M
    )
    assert interface is not None
    assert set(re.findall(r"^  (\w+)\(", interface[1], re.MULTILINE)) == methods


def test_integrity_is_as_browsers_compare_it(files: dict[str, bytes]) -> None:
    """The algorithm's name and the digest in base64."""
    algorithm, _, digest = integrity(files["vitrine.js"]).partition("-")
    assert algorithm == "sha384"
    assert b64decode(digest) == sha384(files["vitrine.js"]).digest()


def test_the_command_writes_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Into a folder that need not be there; a line per file with its sizes and hash."""
    out = tmp_path / "a" / "b"
    assert main(["snippet", "--from", str(STOREFRONT), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    for name, content in snippet_files(STOREFRONT).items():
        assert (out / name).read_bytes() == content
        (line,) = (line for line in printed.splitlines() if line.startswith(f"{name} "))
        assert line.split()[1:] == [str(len(content)), str(gzipped_size(content)), integrity(content)]


def test_a_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Is named, with what to do."""
    (tmp_path / "file").write_text("")
    assert main(["snippet", "--from", str(STOREFRONT), "--out", str(tmp_path / "file")]) == 1
    error = capsys.readouterr().err
    assert f"cannot write to {tmp_path / 'file'}: File exists; name a folder of your own with --out" in error


def test_a_folder_without_sources(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Is named, too."""
    assert main(["snippet", "--from", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert f"cannot read {tmp_path / 'vitrine.js'}: No such file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_modules_that_share_a_private_name_get_scopes(sources: Path) -> None:
    """Both keep their own."""
    (sources / "vitrine.js").write_text(
        'import {b} from "./b.js";\nimport {c} from "./c.js";\nconst TICK = 0;\nfunction start() {}\nexport {start};\n'
    )
    (sources / "b.js").write_text("const TICK = 1;\nexport function b() { return TICK; }\n")
    (sources / "c.js").write_text("const TICK = 2;\nexport function c() { return TICK; }\n")
    text = snippet_files(sources)["vitrine.js"].decode()
    assert text.count("const{b}=(()=>{const A=1;") == 1
    assert text.count("const{c}=(()=>{const A=2;") == 1


def test_modules_that_export_the_same_name_are_refused(sources: Path) -> None:
    """It could not be told whose is meant."""
    (sources / "vitrine.js").write_text('import {b} from "./b.js";\nimport {c} from "./c.js";\nexport {start};\n')
    (sources / "c.js").write_text("export function b() {}\n")
    with pytest.raises(InvalidSource, match="several of its modules export b; rename all but one"):
        snippet_files(sources)


@pytest.mark.parametrize(
    "line",
    ['import * as b from "./b.js";', 'import {b as c} from "./b.js";', "export default 1;", 'export * from "./b.js";'],
)
def test_forms_that_cannot_be_joined_are_named(sources: Path, line: str) -> None:
    """Rather than shipped broken."""
    (sources / "vitrine.js").write_text(f"{line}\nexport {{start}};\n")
    with pytest.raises(InvalidSource, match=re.escape(repr(line))):
        snippet_files(sources)


def test_private_names_are_shortened_everywhere_or_nowhere(files: dict[str, bytes]) -> None:
    """A name that only some places have would be a syntax error in the browser."""
    text = files["vitrine.js"].decode()
    used = set(re.findall(r"this\.(#\w+)", text))
    declared = set(re.findall(r"[;{}\s](?:async|get|set)?(#\w+)", text))
    assert used <= declared
    assert max(len(name) for name in used) <= 3


def test_constants_are_shortened_everywhere(sources: Path) -> None:
    """In all modules, those of the same name in several, too; names that are not declared stay."""
    (sources / "vitrine.js").write_text(
        'import {b, LIMIT_MS} from "./b.js";\nconst TICK = LIMIT_MS;\nfunction start() { return `${TICK}POST`; }\n'
        "export {start};\n"
    )
    (sources / "b.js").write_text("export const LIMIT_MS = 1;\nconst TICK = 2;\nexport function b() { return TICK; }\n")
    text = snippet_files(sources)["vitrine.js"].decode()
    assert "const A=1;const B=2;" in text
    assert "const B=A;" in text
    assert "`${B}POST`" in text
