"""What goes into each layer and what is left out: the pure part of `vitrine build`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final

from vitrine.errors import BuildFailed

PYTHON_VERSION: Final = "3.13"  # of template.yaml's runtime
MAX_UNZIPPED_BYTES: Final = 250 * 1024 * 1024  # function plus layers; AWS Lambda quotas

ARCHITECTURES: Final[Mapping[str, str]] = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Lambda's name of an architecture, and the one in the tags of its wheels."""

GLIBC_MINORS: Final = (34, 28, 27, 26, 24, 17)
"""Wheels for these glibc 2.x run on Amazon Linux 2023, which has 2.34."""

PACKAGE_LAYER: Final = "vitrine"
BUNDLE_LAYER: Final = "bundle"
WHEEL_LAYERS: Final = (PACKAGE_LAYER, "inference", "outreach", "refresh")
LAYERS: Final = (*WHEEL_LAYERS, BUNDLE_LAYER)
BUNDLED: Final = ("store", "models")
"""Folders of the repository that functions find under /opt."""

NOT_FOR_LAMBDA: Final = ("cli", "local")
"""Subpackages of vitrine that stay on the laptop."""

HASHED: Final = ("constraints.txt", "functions", "layers", "models", "store", "build/release")
"""What the content hash covers: everything that decides what a function does."""

COMPILED: Final = (PACKAGE_LAYER, "inference")
"""Layers whose modules are compiled to bytecode: Lambda cannot keep any, and would compile them at every cold start."""

PRUNED_FOLDERS: Final = frozenset(
    {
        "__pycache__",  # of the building Python's version, not of Lambda's
        "tests",
        "test",
        "include",  # C headers
        "bin",  # console scripts
    }
)
PRUNED_SUFFIXES: Final = frozenset({".pyc", ".pyi", ".pyx", ".pxd", ".h", ".hpp", ".c", ".cc", ".cpp", ".proto", ".a"})
PRUNED_PATHS: Final = (
    "_duckdb-stubs",
    "duckdb/experimental",  # Spark's API on DuckDB
    "numpy/f2py",  # Fortran compiler front end
    "onnx/backend/test",
)
IGNORED: Final = re.compile(r"(^|/)(\.[^/]+|__pycache__|[^/]+\.egg-info|[^/]+\.pyc)(/|$)")


@dataclass(frozen=True, slots=True)
class Size:
    """Unzipped bytes of one function: its own code and each of its layers."""

    function: str
    code: int
    layers: Mapping[str, int]

    @property
    def total(self) -> int:
        """What Lambda's limit is about."""
        return self.code + sum(self.layers.values())

    @property
    def is_too_large(self) -> bool:
        """Whether Lambda would refuse it."""
        return self.total > MAX_UNZIPPED_BYTES


def is_pruned(path: PurePosixPath) -> bool:
    """Whether a file of an installed wheel is left out; `path` is relative to the folder of packages."""
    if path.suffix in PRUNED_SUFFIXES or not PRUNED_FOLDERS.isdisjoint(path.parts[:-1]):
        return True
    return any(path.is_relative_to(pruned) for pruned in PRUNED_PATHS)


def requirements(text: str) -> list[str]:
    """Names in a requirements file, in its order."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def pins(names: Iterable[str], constraints: str) -> list[str]:
    """`name==version` of each name.

    Raises:
        BuildFailed: constraints.txt does not pin one of them.
    """
    pinned = {canonical(line.partition("==")[0]): line for line in requirements(constraints)}
    missing = [name for name in names if canonical(name) not in pinned]
    if missing:
        raise BuildFailed(f"constraints.txt does not pin {', '.join(missing)}")
    return [pinned[canonical(name)] for name in names]


def canonical(name: str) -> str:
    """A distribution's name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def pip_arguments(arch: str, target: Path, wanted: Iterable[str]) -> list[str]:
    """Arguments of pip that put wheels for Lambda on `arch` into a folder, whatever machine this is."""
    glibcs = [*(f"manylinux_2_{minor}" for minor in GLIBC_MINORS), "manylinux2014"]
    return [
        *("install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile", "--only-binary=:all:"),
        *("--implementation", "cp", "--python-version", PYTHON_VERSION, "--target", str(target)),
        *(option for glibc in glibcs for option in ("--platform", f"{glibc}_{ARCHITECTURES[arch]}")),
        *wanted,
    ]


def fingerprint(arch: str, wanted: Iterable[str]) -> str:
    """Short digest of what decides a layer's third-party files; the same digest means the same files."""
    rules = [sorted(PRUNED_FOLDERS), sorted(PRUNED_SUFFIXES), PRUNED_PATHS, PYTHON_VERSION, GLIBC_MINORS]
    return sha256(repr((arch, list(wanted), rules)).encode()).hexdigest()[:16]


def content_hash(root: Path) -> str:
    """SHA-256 in hex of everything a function is made of, as template.yaml's CodeSha256 wants it.

    It changes exactly when a file under HASHED is added, removed, renamed or edited; caches do not count.
    """
    digest = sha256()
    for name, path in hashed_files(root):
        digest.update(f"{len(name)} {name} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def hashed_files(root: Path) -> Iterator[tuple[str, Path]]:
    """The files that the content hash covers with their names relative to `root`, in the order of the names."""
    files = (path for part in HASHED for path in ((root / part), *(root / part).rglob("*")) if path.is_file())
    named = ((path.relative_to(root).as_posix(), path) for path in files)
    return iter(sorted((name, path) for name, path in named if not IGNORED.search(name)))
