"""The environment, read in one place. Nothing else in the package looks at `os.environ`."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from vitrine.values import dataclass

PREFIX: Final = "VITRINE_"
MEMORY: Final = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"  # set by Lambda itself


@dataclass(frozen=True, slots=True)
class Settings:
    """What template.yaml tells a function. Region, endpoint and credentials, AWS's own, are the adapters' business.

    Numbers are positive. `bundle` is the folder with store/, models/ and release/ as deployed; `memory_mb` that of the
    Lambda function, None elsewhere; `weather_api_key` is empty for a service without keys; `allowed_origins` are the
    storefront's, separated by commas.
    """

    table: str
    """Name of the one DynamoDB table."""
    lake_bucket: str = ""
    """Bucket of catalogue, events and extracts."""
    releases_bucket: str = ""
    """Bucket of release parts."""
    events_stream: str = ""
    """Firehose stream of visitors' events."""
    decisions_stream: str = ""
    """Firehose stream of decision records."""
    token_secret: str = ""
    """Name or ARN of the secret that signs visitor tokens and links in messages."""
    public_url: str = ""
    """Where links in messages lead: the API, or a domain of the shop's that leads to it."""
    shop_url: str = ""
    """The shop's address for links in messages; empty: the one in the store's files."""
    outreach_queue: str = ""
    """URL of the queue of persons that are due."""
    outreach_dead_letters: str = ""
    """URL of the queue of what could not be done."""
    mail_from: str = ""
    """Verified address that mail comes from; empty: no mail is sent."""
    mail_configuration_set: str = ""
    """SES's configuration set, which tells what becomes of mail."""
    sms_sender: str = ""
    """Sender id of text messages; empty: none are sent."""
    push_application: str = ""
    """SNS's platform application of the app, such as GCM/shop; empty: no push is sent to apps."""
    vapid_secret: str = ""
    """Name or ARN of the secret with the key of web push; empty: none is sent."""
    webhook_url: str = ""
    """Where messages of the channel webhook are posted; empty: none are."""
    webhook_secret: str = ""
    """Name or ARN of the secret that signs them."""
    allowed_origins: str = ""
    weather_url: str = "https://api.open-meteo.com"
    """A service that speaks Open-Meteo's API."""
    weather_archive_url: str = "https://archive-api.open-meteo.com"
    """Its part that knows past years."""
    weather_api_key: str = ""
    memory_mb: int | None = None
    exercise_per_million: int = 1_000
    """Page views of a million that take the ladder's last rung although nothing has failed (`decisions/ladder.py`)."""
    held_rows_kb: int = 24 * 1024
    """Memory for rows that all visitors share (`service/release_rows.py`)."""
    write_units_per_s: int = 20_000  # half of a table's default quota on demand: visitors' events keep the other half
    """Write units a second that a refresh takes of the table at most."""
    event_retention_days: int = 400
    """Days for which visitors' events are kept."""
    bundle: Path = Path("/opt")

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Settings from variables named VITRINE_<FIELD>.

        Raises:
            ValueError: one is missing, unknown or no positive number; the message names it.
        """
        ours = {name.removeprefix(PREFIX).lower(): text for name, text in env.items() if name.startswith(PREFIX)}
        if MEMORY in env:
            ours["memory_mb"] = env[MEMORY]
        if "table" not in ours:
            raise ValueError(f"{PREFIX}TABLE is missing in the environment")
        kinds = {field.name: field.type for field in fields(cls)}
        for name in ours.keys() - kinds:
            raise ValueError(f"{PREFIX}{name.upper()} is no setting; there are {', '.join(kinds)}")
        return cls(**{name: _parsed(name, text, kinds[name]) for name, text in ours.items()})


def allowed_origins(env: Mapping[str, str]) -> str:
    """See Settings; for whoever needs nothing else of them."""
    return env.get(f"{PREFIX}ALLOWED_ORIGINS", "")


def _parsed(name: str, text: str, kind: Any) -> Any:  # noqa: ANN401 - as the field has it
    if kind is Path:
        return Path(text)
    if kind is str:
        return text
    if not text.isdecimal() or int(text) <= 0:
        raise ValueError(f"{name} should be a positive whole number, not {text[:40]!r}")
    return int(text)
