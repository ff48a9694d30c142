"""The environment, read in one place. Nothing else in the package looks at `os.environ`."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """What template.yaml tells a function. AWS's own variables (region, endpoint, credentials) are boto3's business."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str = Field(description="name of the one DynamoDB table")
    lake_bucket: str = Field(default="", description="bucket of catalogue, events and extracts")
    releases_bucket: str = Field(default="", description="bucket of release parts")
    events_stream: str = Field(default="", description="Firehose stream of visitors' events")
    decisions_stream: str = Field(default="", description="Firehose stream of decision records")
    token_secret: str = Field(default="", description="name or ARN of the secret that signs visitor tokens")
    bundle: Path = Field(default=Path("/opt"), description="folder with store/ and models/ as deployed")

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Settings from variables named VITRINE_<FIELD>; a missing or unknown one is named in the error."""
        prefix = "VITRINE_"
        ours = {name[len(prefix) :].lower(): value for name, value in env.items() if name.startswith(prefix)}
        return cls.model_validate(ours)
