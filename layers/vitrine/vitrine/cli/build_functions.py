"""Assemble each function as Lambda would see it, weigh it, and import its handler."""

import shutil
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from vitrine.cli.build_layers import copy_tree, link_tree, size_of
from vitrine.cli.build_plan import Size
from vitrine.errors import BuildFailed
from vitrine.local.intrinsics import references
from vitrine.local.template import FUNCTION, Template

LAYER: Final = "AWS::Serverless::LayerVersion"
RUNTIME_MODULES: Final = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
"""What Lambda's Python runtime brings; all of it is pure Python, so this environment's copy stands in for it."""

IMPORT_HANDLER: Final = """
import sys
task, runtime, *opt = sys.argv[1:]
sys.path[:0] = [task, *opt]
sys.path.append(runtime)
import app
assert callable(app.handler)
"""


def function_layers(template: Template) -> dict[str, tuple[Path, list[str]]]:
    """Code folder and names of the layers' folders of every function, by the name of its code folder."""
    contents = {name: Path(layer["ContentUri"]).name for name, layer in template.of_type(LAYER).items()}
    return {
        Path(function["CodeUri"]).name: (
            template.folder / function["CodeUri"],
            [contents[name] for name, _ in references(function.get("Layers", []))],
        )
        for function in template.of_type(FUNCTION).values()
    }


def assemble(name: str, code: Path, layers: Mapping[str, Path], target: Path) -> Size:
    """Lay out a function below `target` as var/task and opt; its size.

    Raises:
        BuildFailed: it has no handler file.
    """
    if not (code / "app.py").is_file():
        raise BuildFailed(f"{code} has no app.py")
    shutil.rmtree(target, ignore_errors=True)
    copy_tree(code, target / "var/task")
    for layer in layers.values():
        link_tree(layer, target / "opt")
    return Size(name, size_of(target / "var/task"), {layer: size_of(folder) for layer, folder in layers.items()})


def runtime_stand_in(folder: Path) -> Path:
    """A folder that imports what Lambda's runtime brings, and nothing else of this environment."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for module in RUNTIME_MODULES:
        spec = find_spec(module)
        if spec is None or spec.origin is None:
            raise BuildFailed(f"{module} is not installed; run `make setup`")
        origin = Path(spec.origin)
        package = origin.parent if origin.name == "__init__.py" else origin
        (folder / package.name).symlink_to(package)
    return folder


def import_handler(python: str, function: Path, runtime: Path) -> None:
    """Import the assembled function's handler with nothing else on the path.

    Raises:
        BuildFailed: the import fails.
    """
    paths = [str(function / "var/task"), str(runtime), str(function / "opt/python")]
    command = [python, "-I", "-S", "-B", "-c", IMPORT_HANDLER, *paths]
    env = {"AWS_DEFAULT_REGION": "us-east-1", "POWERTOOLS_SERVICE_NAME": "vitrine"}
    outcome = subprocess.run(command, capture_output=True, text=True, check=False, env=env)  # noqa: S603
    if outcome.returncode:
        last = (outcome.stderr.strip().splitlines() or ["no message"])[-1]
        raise BuildFailed(f"{function.name} does not import as Lambda would see it: {last}")
