"""`vitrine attributes`: the table of what conditions may look at, as Markdown, with the store's own attributes."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from vitrine.api.store_folder import read_store_file
from vitrine.decisions.facts import Declared, attributes_of
from vitrine.rules.conditions import Attribute


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--store", type=Path, default=Path("store"), metavar="DIR", help="folder of the store's files")


def run(arguments: argparse.Namespace) -> int:
    """Print one row per attribute; 0."""
    crm = read_store_file(arguments.store).crm
    declared = {name: Declared(said.type, said.about, tuple(said.values)) for name, said in crm.items()}
    print("\n".join(table_lines(attributes_of(declared))))
    return 0


def table_lines(attributes: Mapping[str, Attribute]) -> Iterator[str]:
    """The table in Markdown: path, kind, values where they are closed, and what it is."""
    yield "| attribute | kind | values | what it is |"
    yield "| --- | --- | --- | --- |"
    for path, attribute in attributes.items():
        cells = (f"`{path}`", attribute.kind, ", ".join(attribute.values), attribute.about)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
