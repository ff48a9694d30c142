"""The service behind POST /v1/decide."""

import os

from vitrine.adapters.clock import new_id, utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.firehose import FirehoseStream
from vitrine.adapters.release_objects import ReleaseObjects, bundled_release
from vitrine.adapters.s3 import S3Objects
from vitrine.adapters.secrets_manager import read_secret
from vitrine.service.decide import DecideService
from vitrine.service.releases import Releases
from vitrine.settings import Settings
from vitrine.visitors.identity import parse_keys


def build_decide_service(settings: Settings) -> DecideService:
    """Decisions from DynamoDB and S3, recorded to Firehose; the bundle until a release is published.

    Raises:
        DependencyFailed: the token secret cannot be read.
    """
    table = DynamoTable(settings.table)
    table.warm()
    objects = ReleaseObjects(S3Objects(settings.releases_bucket))
    return DecideService(
        table=table,
        releases=Releases(table, objects.load, bundled_release(settings.bundle)),
        records=FirehoseStream(settings.decisions_stream),
        token_keys=parse_keys(read_secret(settings.token_secret)),
        clock=utc_now,
        new_id=new_id,
        entropy=os.urandom,
    )
