"""`vitrine schema`: JSON Schemas of a store's files, so that an editor completes and checks what is written."""

import argparse
from pathlib import Path
from typing import Final

import orjson

from vitrine.api.store_schema import schema_files, schemas

DEFAULT: Final = Path("store") / "schema"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--out", type=Path, default=DEFAULT, metavar="DIR", help=f"where to (default {DEFAULT})")


def run(arguments: argparse.Namespace) -> int:
    """Write one schema per kind of file and say how an editor finds them; 0."""
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (out / name).write_bytes(orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    print(f"{out}: {len(schema_files())} schemas. A file names its own in its first line, as those of the example do:")
    print("    # yaml-language-server: $schema=schema/placements.schema.json    (campaigns/*.yaml: ../schema/...)")
    print("Without such a line, VS Code (extension YAML by Red Hat) finds them by .vscode/settings.json:")
    settings = {"yaml.schemas": {f"./{out / name}": f"**/{glob}" for name, glob in schema_files().items()}}
    print(orjson.dumps(settings, option=orjson.OPT_INDENT_2).decode())
    return 0
