"""House rules for what holds data."""

import pytest

from vitrine.adapters.agenda_dynamodb import INDEX
from vitrine.outreach.state import State, StoredState
from vitrine.refresh.compaction import KEEP_DAYS
from vitrine.settings import Settings

RETAINED = {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret"}


def test_data_outlives_the_stack(resources):
    """Deleting or renaming a resource by mistake loses nothing."""
    retained = {name: resource for name, resource in resources.items() if resource["Type"] in RETAINED}
    assert retained.keys() == {"Table", "LakeBucket", "ReleasesBucket", "TokenSecret"}
    for name, resource in retained.items():
        assert resource["DeletionPolicy"] == "Retain", name
        assert resource["UpdateReplacePolicy"] == "Retain", name


def test_table_is_recoverable_and_forgets(template, resources):
    """On demand, point-in-time recovery, time to live, encryption, deletion protection on by default."""
    table = resources["Table"]["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["DeletionProtectionEnabled"] == {"Ref": "TableDeletionProtection"}
    assert template.document["Parameters"]["TableDeletionProtection"]["Default"] == "true"


def test_the_index_of_alarms_is_the_one_that_is_asked(resources):
    """Keys only, by shard and instant; a row without both attributes is not in it."""
    table = resources["Table"]["Properties"]
    assert table["GlobalSecondaryIndexes"] == [
        {
            "IndexName": INDEX,
            "KeySchema": [
                {"AttributeName": "shard", "KeyType": "HASH"},
                {"AttributeName": "due", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ]
    kinds = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    assert kinds == {"pk": "S", "sk": "S", "shard": "S", "due": "N"}
    row = StoredState().successor(State(due_ms=1), "p1", 0)
    assert {"shard", "due"} <= row.keys()
    assert not {"shard", "due"} & StoredState().successor(State(), "p1", 0).keys()


def test_table_keys_are_those_of_the_code(resources):
    """Partition and sort key are called as vitrine.keys.Key's fields."""
    schema = resources["Table"]["Properties"]["KeySchema"]
    assert schema == [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]


@pytest.mark.parametrize("bucket", ["LakeBucket", "ReleasesBucket"])
def test_buckets_are_private(resources, bucket):
    """Encrypted, no public access, no access lists, no plain HTTP, and unfinished uploads do not pile up."""
    properties = resources[bucket]["Properties"]
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert any("AbortIncompleteMultipartUpload" in rule for rule in properties["LifecycleConfiguration"]["Rules"])
    (denied,) = resources[f"{bucket}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["Resource"] == [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}]


def test_personal_data_in_the_lake_expires(resources):
    """Raw events, decision records, undelivered records and extracts that were refused have an end, and no old version
    survives it. So have changes of the catalogue and refused feeds, which tell of no person."""
    lake = resources["LakeBucket"]["Properties"]
    expiring = {rule.get("Prefix") for rule in lake["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule}
    assert expiring - {"events/changes/", "feeds/quarantine/", "spark/tables/"} == {
        "events/raw/",
        "events/daily/",
        "events/damaged/",
        "crm/inbox/",
        "decisions/",
        "errors/",
    }
    assert "VersioningConfiguration" not in lake


def test_refused_extracts_name_people_and_do_not_stay(resources):
    """A week is long enough to look into one."""
    rules = resources["LakeBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (rule,) = [rule for rule in rules if rule.get("Prefix") == "crm/inbox/"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 7)


def test_events_are_kept_as_long_by_the_code_as_by_the_bucket(template, functions):
    """The functions that compact the lake know the same number of days as the rules that delete objects."""
    compacting = ("RefreshRecommendationsFunction", "RefreshModelFunction")
    for name in compacting:
        variables = functions[name]["Environment"]["Variables"]
        assert variables["VITRINE_EVENT_RETENTION_DAYS"] == {"Ref": "EventRetentionDays"}, name
    days = template.document["Parameters"]["EventRetentionDays"]["Default"]
    assert days == KEEP_DAYS == Settings(table="t").event_retention_days


@pytest.mark.parametrize(("stream", "prefix"), [("EventsStream", "events/raw/"), ("DecisionsStream", "decisions/")])
def test_streams_end_in_the_lake(resources, stream, prefix):
    """Each stream writes below its prefix, and what it cannot deliver below errors/."""
    properties = resources[stream]["Properties"]
    destination = properties["ExtendedS3DestinationConfiguration"]
    assert properties["DeliveryStreamType"] == "DirectPut"
    assert destination["BucketARN"] == {"Fn::GetAtt": ["LakeBucket", "Arn"]}
    assert destination["Prefix"].startswith(prefix)
    assert destination["ErrorOutputPrefix"].startswith("errors/")


def test_token_secret_is_made_as_the_code_reads_it(resources):
    """A JSON object with the key's id and a random key that nobody has seen."""
    generated = resources["TokenSecret"]["Properties"]["GenerateSecretString"]
    assert generated["SecretStringTemplate"] == '{"kid":"k1"}'
    assert generated["GenerateStringKey"] == "key"
    assert generated["PasswordLength"] >= 64


def test_logs_expire(resources, functions):
    """Every log group has a retention."""
    groups = [resource for resource in resources.values() if resource["Type"] == "AWS::Logs::LogGroup"]
    assert len(groups) == len(functions) + 1  # the API's
    assert all(group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups)


def test_every_parameter_but_the_hash_has_a_default(template):
    """A stranger can deploy without reading the parameters first."""
    without = {name for name, spec in template.document["Parameters"].items() if "Default" not in spec}
    assert without == {"CodeSha256"}
    assert all("Description" in spec for spec in template.document["Parameters"].values())
