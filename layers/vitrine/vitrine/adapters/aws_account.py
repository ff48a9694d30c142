"""Where AWS is and who we are there, as AWS's own environment variables say."""

from collections.abc import Mapping
from typing import Final

from vitrine.adapters.aws_service import AwsService
from vitrine.adapters.breaker import Breaker
from vitrine.adapters.credentials import credential_source
from vitrine.adapters.http_pool import HttpPool, parse_endpoint
from vitrine.adapters.sigv4 import Signer
from vitrine.adapters.trust import trust
from vitrine.errors import DependencyFailed

VARIABLES: Final = {"dynamodb": "DYNAMODB", "firehose": "FIREHOSE", "s3": "S3", "secretsmanager": "SECRETS_MANAGER"}
"""What the variables of a service's own endpoint end with."""

MAX_BYTES: Final = 1 << 28
"""Of one answer: BatchGetItem's are up to 16 MB, objects are models and parts of releases."""


class AwsAccount:
    """Makes the services of one account and region; they share its credentials and are reset together."""

    def __init__(self, env: Mapping[str, str]) -> None:
        """`env` holds AWS's variables: credentials, AWS_REGION, AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE>."""
        self._env = env
        self._credentials = credential_source(env)
        self._services: list[AwsService] = []

    def service(self, name: str, dependency: str, host_prefix: str = "") -> AwsService:
        """A service by its name in VARIABLES, with connections and a breaker of its own.

        `dependency` names it in errors; `host_prefix` stands before AWS's own address, not before an endpoint's.

        Raises:
            DependencyFailed: there is no region, or the address of an endpoint is not one.
        """
        region = self._region(dependency)
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        try:
            endpoint = parse_endpoint(self.endpoint_url(name) or f"https://{host_prefix}{name}.{region}.{domain}")
        except ValueError as error:
            raise DependencyFailed(dependency, f"its address {error}") from error
        pool = HttpPool(endpoint, trust(self._env), MAX_BYTES)
        made = AwsService(dependency, Signer(region, name), pool, self._credentials, Breaker(dependency))
        self._services.append(made)
        return made

    def endpoint_url(self, name: str) -> str | None:
        """The address that the environment gives for a service in place of AWS's own."""
        return self._env.get(f"AWS_ENDPOINT_URL_{VARIABLES[name]}") or self._env.get("AWS_ENDPOINT_URL") or None

    def reset(self) -> None:
        """Close all connections, forget credentials and past failures, as a restored snapshot has to."""
        self._credentials.reset()
        for service in self._services:
            service.reset()

    def _region(self, dependency: str) -> str:
        region = self._env.get("AWS_REGION") or self._env.get("AWS_DEFAULT_REGION") or _region_of_profile()
        if not region:
            raise DependencyFailed(dependency, "AWS_REGION is not set")
        return region


def _region_of_profile() -> str | None:
    """What the profile in use says, on a laptop."""
    try:
        from botocore.session import Session  # 0.1 s that no function pays
    except ImportError:
        return None
    region: str | None = Session().get_config_variable("region")
    return region
