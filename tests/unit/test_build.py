"""The pure part of `vitrine build`: what goes into layers, sizes, and the content hash."""

import re
from importlib.metadata import requires
from itertools import pairwise
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.cli import build_command, build_layers
from vitrine.cli.build_plan import (
    ARCHITECTURES,
    HASHED,
    LAYERS,
    MAX_UNZIPPED_BYTES,
    WHEEL_LAYERS,
    Size,
    canonical,
    content_hash,
    fingerprint,
    is_pruned,
    pins,
    pip_arguments,
    requirements,
)
from vitrine.errors import BuildFailed

ROOT = Path(__file__).parents[2]


def layer_requirements(layer):
    """Names that a layer's requirements file lists."""
    return requirements((ROOT / "layers" / layer / "requirements.txt").read_text(encoding="utf-8"))


@pytest.fixture
def tree(tmp_path):
    """A small repository with one file under each hashed name."""
    for name in HASHED:
        path = tmp_path / name if name.endswith(".txt") else tmp_path / name / "a.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "path",
    [
        "numpy/_core/tests/test_numeric.py",
        "numpy/_core/include/numpy/arrayobject.h",
        "numpy/__init__.pyi",
        "onnx/backend/test/data/model.onnx",
        "pydantic/__pycache__/main.cpython-311.pyc",
        "bin/f2py",
    ],
)
def test_what_lambda_does_not_need_is_pruned(path):
    """Tests, headers, stubs, caches, scripts and tool folders are left out."""
    assert is_pruned(PurePosixPath(path))


@pytest.mark.parametrize(
    "path",
    [
        "numpy/testing/__init__.py",
        "numpy.libs/libopenblas.so",
        "numpy-2.0.dist-info/METADATA",
        "numpy/_core/_multiarray_umath.so",
        "tests.py",
        "include",
    ],
)
def test_what_is_imported_stays(path):
    """Modules, libraries and licences stay, also when a file is named like a pruned folder."""
    assert not is_pruned(PurePosixPath(path))


def test_prune_leaves_no_empty_folders(tmp_path):
    """Folders that held only pruned files go with them."""
    for name in ("a/tests/t.py", "a/keep.py", "b/include/x.h"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    build_layers.prune(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["a", "a/keep.py"]


def test_requirements_are_names_without_comments():
    """Comments and blank lines are not requirements."""
    assert requirements("# why\nnumpy\n\nonnx # because\n") == ["numpy", "onnx"]


def test_pins_come_from_the_constraints():
    """Names match however they are spelled, and keep the order of the requirements."""
    assert pins(["typing_extensions", "PyYAML"], "pyyaml==6\ntyping-extensions==4\n") == [
        "typing-extensions==4",
        "pyyaml==6",
    ]


def test_unpinned_requirement_is_refused():
    """A layer is never built from whatever version is newest today."""
    with pytest.raises(BuildFailed, match=r"does not pin onnx$"):
        pins(["numpy", "onnx"], "numpy==2\n")


@pytest.mark.parametrize("layer", WHEEL_LAYERS)
def test_every_layer_requirement_is_pinned(layer):
    """The repository's own requirements are all in constraints.txt."""
    names = layer_requirements(layer)
    assert len(pins(names, (ROOT / "constraints.txt").read_text(encoding="utf-8"))) == len(names)


def test_layers_are_complete():
    """Whatever a layer's package declares is in a layer too, since the build follows no dependencies itself."""
    listed = [name for layer in WHEEL_LAYERS for name in layer_requirements(layer)]
    have = {canonical(name) for name in listed}
    declared = [line for name in listed for line in requires(name) or [] if ";" not in line]
    needed = {canonical(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in declared}
    assert needed <= have


def test_no_package_is_in_two_layers():
    """A function that has both layers would carry it twice."""
    listed = [canonical(name) for layer in WHEEL_LAYERS for name in layer_requirements(layer)]
    assert len(set(listed)) == len(listed)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_pip_is_asked_for_wheels_of_lambda(arch, tmp_path):
    """Only wheels, only for Lambda's Python and processor, nothing that was not listed."""
    arguments = pip_arguments(arch, tmp_path, ["numpy==2"])
    platforms = [value for option, value in pairwise(arguments) if option == "--platform"]
    assert {"--no-deps", "--only-binary=:all:"} <= set(arguments)
    assert platforms
    assert all(platform.endswith(ARCHITECTURES[arch]) for platform in platforms)
    assert arguments[-1] == "numpy==2"


def test_cache_is_keyed_by_architecture_and_versions():
    """Another processor or version is another folder; the same is the same."""
    keys = {fingerprint(arch, [pin]) for arch in ARCHITECTURES for pin in ("numpy==1", "numpy==2")}
    assert len(keys) == 4
    assert fingerprint("arm64", ["numpy==1"]) in keys


def test_content_hash_fits_the_template(tree):
    """64 hex digits, the same each time."""
    assert content_hash(tree) == content_hash(tree)
    assert len(bytes.fromhex(content_hash(tree))) == 32


@pytest.mark.parametrize("name", HASHED)
def test_content_hash_sees_every_edit(tree, name):
    """A byte changed in any hashed place gives another hash, and so another published version."""
    before = content_hash(tree)
    path = tree / name if name.endswith(".txt") else tree / name / "a.py"
    path.write_text("two\n", encoding="utf-8")
    assert content_hash(tree) != before


def test_content_hash_sees_renamed_and_removed_files(tree):
    """Names count as well as bytes."""
    before = content_hash(tree)
    renamed = (tree / "layers/a.py").rename(tree / "layers/b.py")
    moved = content_hash(tree)
    renamed.unlink()
    assert len({before, moved, content_hash(tree)}) == 3


@pytest.mark.parametrize(
    "name", ["layers/__pycache__/a.pyc", "layers/x.egg-info/PKG-INFO", "functions/.cache/a", "tests/a.py", "README.md"]
)
def test_content_hash_ignores_what_is_not_deployed(tree, name):
    """Running tests or editing the README publishes nothing."""
    before = content_hash(tree)
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).touch()
    assert content_hash(tree) == before


@given(
    st.integers(0, 2 * MAX_UNZIPPED_BYTES), st.dictionaries(st.sampled_from(LAYERS), st.integers(0, MAX_UNZIPPED_BYTES))
)
def test_the_limit_is_on_the_sum(code, layers):
    """Function plus layers above 250 MB is refused, exactly 250 MB is not."""
    size = Size("decide", code, layers)
    assert size.is_too_large == (code + sum(layers.values()) > MAX_UNZIPPED_BYTES)


def test_too_large_functions_are_named():
    """The refusal names each function once, whatever the number of architectures."""
    large = Size("refresh_model", 1, {"refresh": MAX_UNZIPPED_BYTES})
    with pytest.raises(BuildFailed, match=r"250 MB unzipped: refresh_model$"):
        build_command.refuse_too_large([large, Size("decide", MAX_UNZIPPED_BYTES, {}), large])


def test_size_table_has_a_line_per_function_and_architecture():
    """The table shows what each layer adds, a dash for layers that a function does not have, and the total."""
    size = Size("decide", 2**19, {"vitrine": 2**20, "inference": 2**21})
    header, arm, x86 = build_command.size_table({"arm64": [size], "x86_64": [size]})
    assert header.split() == ["MB", "unzipped", "code", *LAYERS, "total"]
    assert arm.split() == ["arm64", "decide", "0.50", "1.0", "2.0", "-", "-", "-", "3.5"]
    assert x86.startswith("x86_64 decide")


def test_unchecked_imports_say_why(tmp_path):
    """On a machine for which nothing was built the line says so rather than nothing."""
    said = build_command.check_imports(tmp_path, [], ["decide"], lambda *_: None)
    assert said.startswith("imports not checked: nothing was built")


def test_bundle_and_package_are_copied_without_caches(tmp_path):
    """Copies leave out caches, hidden files and the subpackages that stay on the laptop."""
    source = tmp_path / "source"
    for name in ("a.py", "__pycache__/a.pyc", ".hidden/b.py", "cli/c.py", "deep/d.sql"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("x", encoding="utf-8")
    build_layers.copy_tree(source, tmp_path / "target", leave_out=("cli",))
    copied = {path.relative_to(tmp_path / "target").as_posix() for path in (tmp_path / "target").rglob("*.*")}
    assert copied == {"a.py", "deep/d.sql"}


def test_linked_files_weigh_what_they_are(tmp_path):
    """Hard links count as full files, as they will in Lambda."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/x.so").write_bytes(b"1234")
    build_layers.link_tree(tmp_path / "a", tmp_path / "c/d")
    assert build_layers.size_of(tmp_path / "c") == 4
    assert (tmp_path / "c/d/b/x.so").samefile(tmp_path / "a/b/x.so")
