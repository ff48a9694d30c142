"""What the weather's function and command work with."""

from typing import Final

from vitrine import keys
from vitrine.adapters.clock import utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.open_meteo import OpenMeteo
from vitrine.adapters.s3 import S3Objects
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import read_store_file
from vitrine.api.store_places import read_places
from vitrine.decisions.release import MANIFEST, STORE, parse_manifest, parse_pointer
from vitrine.places.regions import Places
from vitrine.ports import Clock, Objects, Progress, Table, WeatherSource
from vitrine.refresh.weather import WeatherReport, refresh_weather
from vitrine.settings import Settings
from vitrine.types import Absent
from vitrine.values import dataclass

READ_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class WeatherDesk:
    """The places of the current release, the table, and a service that knows their weather."""

    places: Places
    table: Table
    source: WeatherSource
    clock: Clock

    def refresh(self, progress: Progress) -> WeatherReport:
        """See refresh.weather.refresh_weather."""
        return refresh_weather(self.places, self.table, self.source, self.clock, progress)


def build_weather_desk(settings: Settings) -> WeatherDesk:
    """Table, places and weather service of the settings.

    Raises:
        InvalidRelease: the current release is damaged.
        InvalidStore: there is no release, and the bundle's places are missing or wrong.
        DependencyFailed: table or bucket do not answer.
    """
    table = DynamoTable(settings.table)
    source = OpenMeteo(settings.weather_url, settings.weather_archive_url, utc_now, settings.weather_api_key)
    return WeatherDesk(load_places(settings, table, S3Objects(settings.releases_bucket)), table, source, utc_now)


def load_places(settings: Settings, table: Table, releases: Objects) -> Places:
    """The places of the current release; of the bundle when none is published yet. Raises as `build_weather_desk`."""
    row = table.read([keys.RELEASE_POINTER], READ_TIMEOUT_S, latest=True)[keys.RELEASE_POINTER]
    if isinstance(row, Absent):
        return _bundled_places(settings)
    pointer = parse_pointer(row)
    manifest = parse_manifest(releases.get(f"{pointer.release}/{MANIFEST}"), pointer.manifest_sha256)
    return load_store(manifest.verify(STORE, releases.get(f"{pointer.release}/{STORE}"))).places


def _bundled_places(settings: Settings) -> Places:
    folder = settings.bundle / "store"
    store = read_store_file(folder)
    regions = [region.id for region in store.regions]
    return read_places(folder / "stores.geojson", regions, store.locales, years=()).to_domain()
