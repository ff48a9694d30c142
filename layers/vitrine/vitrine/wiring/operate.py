"""What operators work with: explanations of decisions, and replays of those on record."""

from vitrine.adapters.aws import REQUEST, client_maker
from vitrine.adapters.clock import utc_now
from vitrine.adapters.decision_log import LakeDecisionLog
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.release_objects import BUNDLE_ID, ReleaseObjects, bundled_release
from vitrine.adapters.s3 import S3Objects
from vitrine.decisions.release import Release
from vitrine.ports import DecisionLog
from vitrine.service.decide import DecideService
from vitrine.service.replay import Replay
from vitrine.settings import Settings
from vitrine.types import ReleaseId
from vitrine.values import dataclass
from vitrine.wiring.decide import build_decide_service


@dataclass(frozen=True, slots=True)
class Operations:
    """What the operators' function serves."""

    decisions: DecideService
    replay: Replay


def build_operations(settings: Settings) -> Operations:
    """Decisions to explain as decide makes them, and replays from the lake."""
    return Operations(build_decide_service(settings), build_replay(settings))


def build_replay(settings: Settings) -> Replay:
    """Replays from the lake, the bucket of releases and the table. Nothing that is down keeps it from being built."""
    objects = ReleaseObjects(S3Objects(settings.releases_bucket, make_client=client_maker("s3", REQUEST)))

    def load(release: ReleaseId) -> Release:
        """A published release; the bundle, which has no other version than the deployed one."""
        return bundled_release(settings.bundle) if release == BUNDLE_ID else objects.load_release(release)

    return Replay(DynamoTable(settings.table), load, open_decision_log(settings), objects.load_model)


def open_decision_log(settings: Settings) -> DecisionLog:
    """The records in the lake."""
    return LakeDecisionLog(S3Objects(settings.lake_bucket), utc_now)
