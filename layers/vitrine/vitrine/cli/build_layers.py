"""Fill the layers' folders: wheels for Lambda, the package, and the bundle of store and models.

Wheels are installed once per architecture and set of versions under build/.cache and hard-linked from there, so a
second build takes a second and needs no network. What serving imports is compiled to bytecode, where an interpreter of
Lambda's version is found.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from vitrine.cli.build_plan import (
    BUNDLE_LAYER,
    BUNDLED,
    COMPILED,
    IGNORED,
    LAYERS,
    NOT_FOR_LAMBDA,
    PACKAGE_LAYER,
    fingerprint,
    is_pruned,
    pins,
    pip_arguments,
    requirements,
)
from vitrine.cli.build_python import find_python
from vitrine.cli.build_release import BUILT
from vitrine.errors import BuildFailed
from vitrine.ports import Progress


def build_layers(root: Path, arch: str, progress: Progress) -> dict[str, Path]:
    """Folder of each layer of LAYERS under build/<arch>/layers, filled afresh."""
    folders = {layer: root / "build" / arch / "layers" / layer for layer in LAYERS}
    for done, (layer, folder) in enumerate(folders.items()):
        progress(f"{arch} layers", done, len(folders))
        shutil.rmtree(folder, ignore_errors=True)
        if layer == BUNDLE_LAYER:
            for name in BUNDLED:
                copy_tree(root / name, folder / name)
            copy_tree(root / BUILT, folder / BUILT.name)
        else:
            link_tree(installed_wheels(root, arch, layer), folder / "python")
        if layer == PACKAGE_LAYER:
            copy_tree(root / "layers/vitrine/vitrine", folder / "python/vitrine", leave_out=NOT_FOR_LAMBDA)
            compile_modules(folder / "python/vitrine")
    progress(f"{arch} layers", len(folders), len(folders))
    return folders


def installed_wheels(root: Path, arch: str, layer: str) -> Path:
    """Folder with the layer's third-party packages, pruned; from the cache where it has them.

    Raises:
        BuildFailed: pip could not install them.
    """
    names = requirements((root / "layers" / layer / "requirements.txt").read_text(encoding="utf-8"))
    wanted = pins(names, (root / "constraints.txt").read_text(encoding="utf-8"))
    compiled = "-compiled" if layer in COMPILED and find_python() is not None else ""
    cache = root / "build/.cache" / f"{arch}-{layer}-{fingerprint(arch, wanted)}{compiled}"
    if cache.is_dir():
        return cache
    unfinished = cache.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [sys.executable, "-m", "pip", *pip_arguments(arch, unfinished, wanted)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if outcome.returncode:
        raise BuildFailed(f"pip cannot install layer {layer} for {arch}: {outcome.stderr.strip()[-500:]}")
    prune(unfinished)
    if compiled and not compile_modules(unfinished):
        raise BuildFailed(f"layer {layer} for {arch} cannot be compiled; what is wrong stands above")
    return unfinished.rename(cache)


def compile_modules(folder: Path) -> bool:
    """Compile the modules below a folder with Lambda's version of Python; False when one does not compile.

    The bytecode is not compared with its source (PEP 552, unchecked): times of files do not survive the upload.
    """
    python = find_python()
    if python is None:
        return True  # Lambda compiles them at every cold start then
    how = ("-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash")
    return subprocess.run([python, *how, str(folder)], check=False).returncode == 0  # noqa: S603 - our own arguments


def prune(folder: Path) -> None:
    """Delete what a function does not need from a folder of installed packages, and folders that become empty."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif is_pruned(PurePosixPath(path.relative_to(folder))):
            path.unlink()


def copy_tree(source: Path, target: Path, leave_out: tuple[str, ...] = ()) -> None:
    """Copy a folder without caches and hidden files, and without the named direct subfolders."""
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if path.is_file() and name.parts[0] not in leave_out and not IGNORED.search(name.as_posix()):
            place(path, target / name, shutil.copyfile)


def link_tree(source: Path, target: Path) -> None:
    """The folder's files again under another folder, as hard links: 700 MB of libraries cost no space."""
    for path in source.rglob("*"):
        if path.is_file():
            place(path, target / path.relative_to(source), os.link)


def place(source: Path, target: Path, how: Callable[[Path, Path], object]) -> None:
    """Copy or link one file, making its folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    how(source, target)


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder: what Lambda counts when it is unzipped."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
