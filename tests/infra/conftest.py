"""template.yaml as data, with Globals merged in."""

from pathlib import Path
from typing import Any

import pytest

from vitrine.local.template import FUNCTION, Template

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def template() -> Template:
    """The deployed template, references unresolved."""
    return Template.read(ROOT / "template.yaml", {})


@pytest.fixture(scope="session")
def resources(template: Template) -> dict[str, dict[str, Any]]:
    """Every resource as written, by logical id."""
    declared: dict[str, dict[str, Any]] = template.document["Resources"]
    assert declared
    return declared


@pytest.fixture(scope="session")
def functions(template: Template) -> dict[str, dict[str, Any]]:
    """Properties of every function by logical id: as many as there are handlers, so that no loop over them is empty."""
    declared = template.of_type(FUNCTION)
    assert len(declared) == len(list(ROOT.glob("functions/*/app.py"))) > 0
    return declared
