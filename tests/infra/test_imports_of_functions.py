"""What each function imports at its cold start: nothing that its first request does not need.

Each handler is imported in a fresh interpreter, as Lambda does it. Half a second of imports is half a second of a page
view.
"""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PROBE: Final = """
import json, sys
sys.path[:0] = sys.argv[1:3]
before = set(sys.modules)
import app
assert callable(app.handler)
third = {name.partition(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)
print(json.dumps([sorted(third), sorted(set(sys.modules) - before)]))
"""
OURS: Final = {"app", "vitrine"}
NEEDED: Final = {
    "decide": {"msgpack", "numpy", "orjson", "pybase64"},
    "media": {"orjson"},
}
"""All that these import of what is installed."""

LEAN: Final = {"aws_lambda_powertools", "duckdb", "jinja2", "numpy", "onnx", "pydantic", "yaml"}

FORBIDDEN: Final = {
    "decide": {
        "asyncio",
        "email",
        "http.client",
        "urllib.request",
        "xml",
        "vitrine.api.store_build",
        "vitrine.api.store_files",
        "vitrine.api.store_yaml",
        "vitrine.catalog.feed_rows",
        "vitrine.refresh",
    },
    "collect": {"asyncio", "aws_lambda_powertools", "jinja2", "numpy", "onnxruntime", "pydantic", "yaml"},
    "people": {"aws_lambda_powertools", "duckdb", "numpy", "onnxruntime", "pydantic", "vitrine.refresh", "yaml"},
    "operate": {"duckdb", "holidays", "onnx", "onnxruntime", "pandas", "pydantic", "yaml", "aws_lambda_powertools"},
    "geofence": {"duckdb", "holidays", "onnx", "onnxruntime", "pandas", "pyspark"},
    "outreach_due": LEAN,
    "outreach_feedback": LEAN | {"botocore"},
    "outreach_links": LEAN | {"botocore"},
    "outreach_send": {"duckdb", "holidays", "onnx", "onnxruntime", "pandas", "pyspark"},
    "refresh_weather": {"duckdb", "onnx", "onnxruntime", "pandas", "pyspark"},
    "watch_model": {"duckdb", "onnx", "onnxruntime", "pandas", "pyspark"},
    "refresh_catalogue": {"onnxruntime", "pandas", "pyspark"},
    "refresh_outreach": {"onnxruntime", "pandas", "pyspark"},
    "refresh_model": {"onnxruntime", "pandas", "pyspark"},
    "refresh_recommendations": {"onnxruntime", "pandas", "pyspark"},
}


@cache
def imported(function: str) -> tuple[frozenset[str], frozenset[str]]:
    """Installed packages and all modules that a fresh interpreter has imported with a handler."""
    folders = [str(ROOT / "functions" / function), str(ROOT / "layers" / "vitrine")]
    command = [sys.executable, "-I", "-c", PROBE, *folders]
    env = {"AWS_DEFAULT_REGION": "us-east-1", "POWERTOOLS_SERVICE_NAME": "vitrine", "VITRINE_TABLE": "t"}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert ran.returncode == 0, ran.stderr
    packages, modules = json.loads(ran.stdout)
    return frozenset(packages), frozenset(modules)


@pytest.mark.parametrize("function", NEEDED)
def test_these_import_no_other_packages(function: str) -> None:
    """No boto3, no pydantic, no Powertools, no Jinja2, no runtime for models: each would cost 30 to 500 ms."""
    inner = {"cython_runtime"}  # a module of compiled extensions, and Python's own that are listed nowhere
    packages = {name for name in imported(function)[0] if not name.startswith("_")}
    assert packages - inner - OURS == NEEDED[function]


@pytest.mark.parametrize("function", FORBIDDEN)
def test_no_function_imports_what_others_need(function: str) -> None:
    """A function has its own layers and its own patience."""
    packages, modules = imported(function)
    assert not (packages | modules) & FORBIDDEN[function]


def test_every_function_is_looked_at() -> None:
    """A new one gets its line here."""
    assert NEEDED.keys() | FORBIDDEN.keys() == {path.parent.name for path in ROOT.glob("functions/*/app.py")}


def test_the_probe_sees_imports(tmp_path: Path) -> None:
    """Negative control: a handler that imports something heavy is found out."""
    (tmp_path / "app.py").write_text("import yaml, asyncio\nhandler = print\n", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-I", "-c", PROBE, str(tmp_path), str(ROOT / "layers" / "vitrine")],
        capture_output=True,
        text=True,
        check=True,
    )
    packages, modules = json.loads(ran.stdout)
    assert "yaml" in packages
    assert "asyncio" in modules
