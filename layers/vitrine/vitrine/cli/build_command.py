"""`vitrine build`: every function with its layers as Lambda would see it, weighed and imported.

build/<arch>/layers/<layer>/ is what template.yaml uploads; build/<arch>/<function>/ shows the same files laid out as
/var/task and /opt. Fails when a function is above Lambda's 250 MB or does not import. The bundle carries the release
that a named stack serves (--stack-state, or VITRINE_TABLE and VITRINE_RELEASES_BUCKET).
"""

import argparse
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

from vitrine.cli.build_functions import assemble, function_layers, import_handler, runtime_stand_in
from vitrine.cli.build_layers import build_layers
from vitrine.cli.build_plan import ARCHITECTURES, LAYERS, MAX_UNZIPPED_BYTES, PYTHON_VERSION, Size, content_hash
from vitrine.cli.build_python import find_python
from vitrine.cli.build_release import build_release
from vitrine.cli.progress import show_progress
from vitrine.cli.target import add_target
from vitrine.errors import BuildFailed
from vitrine.local.template import Template
from vitrine.ports import Progress


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `vitrine build`."""
    parser.add_argument("--arch", choices=list(ARCHITECTURES), action="append", help="only this architecture")
    parser.add_argument("--hash", action="store_true", help="only print the content hash, the template's CodeSha256")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the repository's root")
    add_target(parser)


def run(arguments: argparse.Namespace) -> int:
    """Build, print the table of sizes, import the handlers; 0 when all functions fit and import."""
    root = arguments.root.resolve()
    template = Template.read(root / "template.yaml", {})
    if arguments.hash:
        print(content_hash(root))
        return 0
    print(build_release(root, arguments))
    archs = arguments.arch or list(ARCHITECTURES)
    with show_progress() as progress:
        sizes = {arch: build(root, arch, template, progress) for arch in archs}
    print("\n".join(size_table(sizes)))
    refuse_too_large(size for listed in sizes.values() for size in listed)
    with show_progress() as progress:
        print(check_imports(root, archs, [size.function for size in sizes[archs[0]]], progress))
    print(f"CodeSha256 {content_hash(root)}")
    return 0


def build(root: Path, arch: str, template: Template, progress: Progress) -> list[Size]:
    """Build all layers and functions of one architecture; the functions' sizes."""
    folders = build_layers(root, arch, progress)
    return [
        assemble(name, code, {layer: folders[layer] for layer in layers}, root / "build" / arch / name)
        for name, (code, layers) in function_layers(template).items()
    ]


def size_table(sizes: dict[str, list[Size]]) -> list[str]:
    """Lines of a table in MB (2^20 bytes): one per architecture and function, a column per layer."""
    lines = [f"{'MB unzipped':<32}{'code':>8}" + "".join(f"{layer:>11}" for layer in LAYERS) + f"{'total':>9}"]
    for arch, listed in sizes.items():
        for size in listed:
            layers = "".join(f"{megabytes(size.layers.get(layer)):>11}" for layer in LAYERS)
            name = f"{arch} {size.function}"
            lines.append(f"{name:<32}{size.code / 2**20:>8.2f}{layers}{megabytes(size.total):>9}")
    return lines


def megabytes(n_bytes: int | None) -> str:
    """A size for the table; a dash for a layer that the function does not have."""
    return "-" if n_bytes is None else f"{n_bytes / 2**20:.1f}"


def refuse_too_large(sizes: Iterable[Size]) -> None:
    """Raise when Lambda would refuse a function.

    Raises:
        BuildFailed: naming every function above the limit.
    """
    if too_large := sorted({size.function for size in sizes if size.is_too_large}):
        raise BuildFailed(f"above Lambda's {MAX_UNZIPPED_BYTES // 2**20} MB unzipped: {', '.join(too_large)}")


def check_imports(root: Path, archs: Iterable[str], functions: Sequence[str], progress: Progress) -> str:
    """Import the handlers that were built for this machine; a line that says what was checked, or why nothing was."""
    machine = next((arch for arch in archs if ARCHITECTURES[arch] == platform.machine()), None)
    if machine is None or platform.system() != "Linux":
        return f"imports not checked: nothing was built for this machine ({platform.system()} {platform.machine()})"
    python = find_python()
    if python is None:
        return f"imports not checked: no Python {PYTHON_VERSION} on PATH or in pyenv"
    runtime = runtime_stand_in(root / "build/.cache/runtime")
    for done, name in enumerate(functions):
        progress("imports", done, len(functions))
        import_handler(python, root / "build" / machine / name, runtime)
    progress("imports", len(functions), len(functions))
    return f"imported on {machine} with Python {PYTHON_VERSION}: {', '.join(functions)}"
