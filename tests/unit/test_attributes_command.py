"""`vitrine attributes`: the table that documents what conditions may look at."""

from pathlib import Path

from vitrine.cli import main
from vitrine.cli.attributes_command import table_lines
from vitrine.decisions.facts import ATTRIBUTES
from vitrine.rules.conditions import Attribute


def test_an_attribute_is_a_row_of_a_markdown_table():
    """Values are listed where they are closed; a bar in a text does not end a cell."""
    lines = list(table_lines({"crm.size": Attribute("string", "small | large", ("s", "l"))}))
    assert lines == [
        "| attribute | kind | values | what it is |",
        "| --- | --- | --- | --- |",
        "| `crm.size` | string | s, l | small \\| large |",
    ]


def test_the_command_prints_every_attribute_of_the_store(capsys):
    """Those that all stores have, the persona, and what the store declares of its CRM."""
    assert main(["attributes", "--store", "store"]) == 0
    said = capsys.readouterr().out
    assert all(f"| `{path}` |" in said for path in (*ATTRIBUTES, "persona"))


def test_the_table_beside_the_store_is_the_commands(capsys):
    """store/ATTRIBUTES.md is what `vitrine attributes` prints: write it anew when one is added."""
    main(["attributes", "--store", "store"])
    assert capsys.readouterr().out == Path("store/ATTRIBUTES.md").read_text("utf-8")


def test_a_folder_that_is_no_store_is_named(tmp_path, capsys):
    """One line, no traceback."""
    assert main(["attributes", "--store", str(tmp_path)]) == 1
    assert "store.yaml" in capsys.readouterr().err
