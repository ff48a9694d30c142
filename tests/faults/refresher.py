"""A process that refreshes and is killed: `python -m tests.faults.refresher ADDRESS BUNDLE`.

The whole job, `jobs.refresh_recommendations`, over a lake folder and the real adapters; see `forks`.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.faults.forks import answer_commands, quiet
from tests.fixtures.lake.builders import at_ms
from vitrine.ports import Objects, Table
from vitrine.refresh.jobs import refresh_recommendations
from vitrine.wiring.refresh import equip


def refresh(command: dict[str, Any], bundle: Path, table: Table, objects: Objects) -> None:
    """Run the job on the command's lake and day."""
    now = datetime.fromtimestamp(at_ms(command["day"]) / 1000, UTC) + timedelta(minutes=command["minute"])
    refresh_recommendations(equip(bundle, table, objects, objects, lambda: now), quiet, Path(command["lake"]))


def main() -> None:
    """Answer commands until the input ends."""
    address, bundle = sys.argv[1], Path(sys.argv[2])
    answer_commands(address, lambda command, table, objects: refresh(command, bundle, table, objects))


if __name__ == "__main__":
    main()
