"""What speaks to AWS while a page waits is quick to import and needs no library of AWS's."""

import json
import subprocess
import sys

import pytest

MODULES = (
    "aws_account",
    "breaker",
    "clock",
    "credentials",
    "dynamodb_page",
    "firehose",
    "rotating_keys",
    "s3_reader",
    "secrets_manager",
)
HEAVY = {
    "asyncio",
    "boto3",
    "botocore",
    "email",
    "http.client",
    "numpy",
    "pydantic",
    "ssl",
    "urllib3",
    "urllib.request",
}
FRESH = "import sys, json, {}; print(json.dumps(sorted(sys.modules)))"


def imported_by(*modules: str) -> set[str]:
    """What a fresh interpreter has imported with these."""
    code = FRESH.format(", ".join(modules))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_the_page_view_adapters_import_nothing_heavy() -> None:
    """Not even TLS, which a laptop's stack does without; a function imports it when it connects."""
    assert not imported_by(*(f"vitrine.adapters.{module}" for module in MODULES)) & HEAVY


@pytest.mark.parametrize("module", ["dynamodb", "s3"])
def test_the_reference_adapters_do(module: str) -> None:
    """Negative control."""
    assert "botocore" in imported_by(f"vitrine.adapters.{module}")
