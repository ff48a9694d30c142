"""The service behind POST /v1/geofence."""

import os
from functools import partial

import orjson

from vitrine.adapters.aws_account import AwsAccount
from vitrine.adapters.clock import back_off, utc_now
from vitrine.adapters.queue_sqs import SqsQueue
from vitrine.adapters.release_fences import ReleaseFences
from vitrine.adapters.rotating_keys import RotatingKeys
from vitrine.adapters.s3_reader import S3Reader
from vitrine.adapters.secrets_manager import Secret
from vitrine.errors import DependencyFailed
from vitrine.outreach.person import PersonId
from vitrine.ports import Queue
from vitrine.service.app_notice import AppNotice
from vitrine.service.geofence import GeofenceService, Rules
from vitrine.service.outlook import StoreOutlook
from vitrine.settings import Settings
from vitrine.types import Absent, Row
from vitrine.wiring.init import on_restore
from vitrine.wiring.outreach import build_outreach_service


def build_geofence_service(settings: Settings) -> GeofenceService:
    """Crossings to DynamoDB, and to the queue of who is due or, for apps that show messages themselves, through
    outreach at once. Raises what building outreach raises."""
    aws = AwsAccount(os.environ)
    token_keys = RotatingKeys(Secret(settings.token_secret, aws).read, utc_now)
    token_keys.begin()
    outreach = build_outreach_service(settings)
    assert isinstance(outreach.outlook, StoreOutlook)  # noqa: S101 - it is what was built
    fences = ReleaseFences(S3Reader(settings.releases_bucket, aws), settings.bundle)
    token_keys.wait()
    on_restore(aws.reset, token_keys.begin, token_keys.wait)
    return GeofenceService(
        table=outreach.table,
        rules=partial(_rules, outreach.outlook, fences),
        notify=AppNotice(outreach),
        nudge=partial(_nudge, SqsQueue(settings.outreach_queue)),
        token_keys=token_keys,
        clock=utc_now,
        back_off=back_off,
    )


def _rules(outlook: StoreOutlook, fences: ReleaseFences, pointer: Row | Absent) -> Rules:
    outlook.releases.notice(pointer)
    release = outlook.releases.pinned()
    return Rules(fences.of(release), tuple(outlook.find(release).messages.values()))


def _nudge(queue: Queue, person: PersonId) -> None:
    if queue.send([orjson.dumps({"person": person})]):
        raise DependencyFailed("queue", "a person was not taken")
