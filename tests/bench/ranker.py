"""How much better the ranker orders real baskets than popularity and the raw candidate score; trained anew."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import orjson

from vitrine.api.store_folder import read_store_file
from vitrine.cli.import_command import package_folder
from vitrine.cli.train_command import bench_result, comparison_lines
from vitrine.ports import Progress
from vitrine.refresh.journey_import import Shop, import_complete_journey
from vitrine.wiring.refresh import train_from_folder

STORE: Final = Path("store")


def run(progress: Progress) -> Sequence[str]:
    """Import, train, compare on the test weeks; a table per situation and the JSON line."""
    store = read_store_file(STORE)
    shop = Shop([region.id for region in store.regions], store.margins)
    with TemporaryDirectory(prefix="vitrine-bench-") as folder:
        lake = Path(folder)
        import_complete_journey(package_folder(), lake, shop, None, progress)
        trained = train_from_folder(lake, STORE, progress)
    return [*comparison_lines(trained.manifest.metrics["test"]), orjson.dumps(bench_result(trained)).decode()]
