"""A few of the visitors whom the lake's extract knows: the same ones each time, and spread over all of them."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from vitrine.ports import Objects
from vitrine.refresh.engine import VISITORS, Engine
from vitrine.types import VisitorId

CHOICE: Final = "select visitor from visitors_file order by md5(visitor), visitor limit $n"


def sample_visitors(lake: Objects, n: int) -> list[VisitorId]:
    """At most n visitors.

    Raises:
        InvalidSource: the lake has no extract of visitors, or it is damaged.
        DependencyFailed: the lake does not answer.
    """
    with TemporaryDirectory(prefix="vitrine-visitors-") as scratch, Engine() as engine:
        lake.download(VISITORS, Path(scratch))
        engine.view_parquet("visitors_file", Path(scratch) / VISITORS)
        return [str(visitor) for (visitor,) in engine.execute(CHOICE, {"n": n})]
