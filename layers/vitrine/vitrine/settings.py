"""The environment, read in one place. Nothing else in the package looks at `os.environ`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

MEMORY: Final = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"  # set by Lambda itself


class Settings(BaseModel):
    """What template.yaml tells a function. AWS's variables of region, endpoint and credentials are boto3's business."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str = Field(description="name of the one DynamoDB table")
    lake_bucket: str = Field(default="", description="bucket of catalogue, events and extracts")
    releases_bucket: str = Field(default="", description="bucket of release parts")
    events_stream: str = Field(default="", description="Firehose stream of visitors' events")
    decisions_stream: str = Field(default="", description="Firehose stream of decision records")
    token_secret: str = Field(default="", description="name or ARN of the secret that signs visitor tokens")
    weather_url: str = Field(default="https://api.open-meteo.com", description="service that speaks Open-Meteo's API")
    weather_archive_url: str = Field(
        default="https://archive-api.open-meteo.com", description="its part that knows past years"
    )
    weather_api_key: str = Field(default="", description="key of the weather service, empty for none")
    memory_mb: int | None = Field(default=None, gt=0, description="memory of the Lambda function, None elsewhere")
    write_units_per_s: int = Field(
        default=20_000,  # half of a table's default quota on demand: visitors' events keep the other half
        gt=0,
        description="write units a second that a refresh takes of the table at most",
    )
    event_retention_days: int = Field(default=400, gt=0, description="days for which visitors' events are kept")
    bundle: Path = Field(default=Path("/opt"), description="folder with store/ and models/ as deployed")

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Settings from variables named VITRINE_<FIELD>; a missing or unknown one is named in the error."""
        prefix = "VITRINE_"
        ours = {name[len(prefix) :].lower(): value for name, value in env.items() if name.startswith(prefix)}
        if MEMORY in env:
            ours["memory_mb"] = env[MEMORY]
        return cls.model_validate(ours)
