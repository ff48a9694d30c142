"""Handlers as Lambda would load them, and the events that API Gateway would send them."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from aws_lambda_powertools.utilities.typing import LambdaContext

ROOT = Path(__file__).parents[2]
CONTEXT = LambdaContext()


@cache
def load_handler(name: str) -> ModuleType:
    """The module functions/<name>/app.py. Tests replace its `service`, nothing else."""
    spec = spec_from_file_location(f"vitrine_function_{name}", ROOT / "functions" / name / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def recorded_event(name: str) -> dict[str, Any]:
    """The real event events/<name>.json."""
    return cast(dict[str, Any], json.loads((ROOT / "events" / f"{name}.json").read_text()))


def with_body(event: Mapping[str, Any], body: object, *, base64: bool = False) -> dict[str, Any]:
    """The event with another body: a text as it is, anything else as JSON."""
    return {**event, "body": body if isinstance(body, str) else json.dumps(body), "isBase64Encoded": base64}


def call(module: ModuleType, event: Mapping[str, Any]) -> tuple[int, Any, dict[str, str]]:
    """Status, body (strict JSON) and headers of the handler's answer."""
    answer = module.handler(dict(event), CONTEXT)
    assert answer["isBase64Encoded"] is False
    return answer["statusCode"], json.loads(answer["body"], parse_constant=_refuse), answer["headers"]


def _refuse(constant: str) -> None:
    raise AssertionError(f"the answer holds {constant}")
