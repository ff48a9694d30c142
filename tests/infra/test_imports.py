"""What the import contracts in pyproject.toml cannot say by themselves."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "vitrine" / "vitrine"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
(PURE,) = (contract for contract in CONTRACTS if contract["name"] == "Subjects and rules are pure")
SUBJECTS = [name.removeprefix("vitrine.") for name in PURE["source_modules"]]
MAY_USE = {"numpy", "orjson", "msgpack"}


def imported(source: str) -> Iterator[str]:
    """Names of the packages that a module imports anywhere, other than the standard library's and our own."""
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        yield from {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"vitrine"}


def imported_below(folder: Path) -> set[str]:
    """The same of all modules of a folder."""
    modules = list(folder.rglob("*.py"))
    assert modules, folder
    return {name for module in modules for name in imported(module.read_text(encoding="utf-8"))}


def test_the_rule_sees_imports():
    """Negative control: plain, aliased, nested and partial imports are all seen; the standard library's are not."""
    source = "import os, yaml as y\nfrom rich.progress import Bar\ndef f():\n    import duckdb\nimport vitrine"
    assert set(imported(source)) == {"yaml", "rich", "duckdb"}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_subjects_use_three_packages_at_most(subject):
    """The standard library, numpy, orjson and msgpack: a decision can be replayed anywhere."""
    assert imported_below(PACKAGE / subject) <= MAY_USE


def test_the_contract_forbids_whatever_else_the_package_uses():
    """So that nothing comes in through a module between either, which only the linter sees."""
    assert imported_below(PACKAGE) - MAY_USE <= set(PURE["forbidden_modules"])
