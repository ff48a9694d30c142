"""Which store files the next release carries: those that are published, or the bundle's before there are any.

What a marketer published survives the nightly refresh and every deployment; the files deployed with the code only make
the first release. Published files that cannot be read, because newer code has another form of them, give way to the
bundle's, as they do where pages are decided.
"""

from vitrine.decisions.placements import Store
from vitrine.decisions.release import Pointer
from vitrine.errors import InvalidRelease, InvalidStore
from vitrine.ports import Objects
from vitrine.refresh.lists import Regions
from vitrine.refresh.publish import LoadStore
from vitrine.refresh.published import published_store
from vitrine.values import dataclass


@dataclass(frozen=True, slots=True)
class Carried:
    """Compiled store files and what is in them. `note` says why they are not the published ones, if they are not."""

    files: bytes
    store: Store
    note: str = ""

    @property
    def regions(self) -> Regions:
        """The regions that lists and cards are made for."""
        return Regions(self.store.regions, self.store.default_region)


def carried_store(pointer: Pointer | None, objects: Objects, bundled: bytes, load: LoadStore) -> Carried:
    """The store of the current release; the bundled one before the first release, or when it cannot be read.

    Raises:
        InvalidStore: the bundled one cannot be read, either.
    """
    if pointer is None:
        return Carried(bundled, load(bundled))
    try:
        files = published_store(objects, pointer)
        return Carried(files, load(files))
    except (InvalidRelease, InvalidStore) as error:
        return Carried(bundled, load(bundled), f"the published store was refused: {error}")
