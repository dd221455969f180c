"""An account to try the policies on: what there is in it, how it is tagged, what a request says.

Made to be unpleasant: a source whose name begins as our replicas' do, production tagged as ours,
our name without the tag, another deployment whose replicas begin like ours, tags in other case.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from onemachine.deployment import OUTSIDE_THE_MACHINE, STEPS
from onemachine.iam.documents import Values

REGION, ACCOUNT, DEPLOYMENT = "eu-central-1", "111122223333", "main"
ELSEWHERE, STRANGER = "us-east-1", "444455556666"
TAG = "restore-drill:"
HOLD = f"{TAG}hold"
SOURCES = ("courses-prod", "drill-main-billing")
SOURCE_IDS = ("db-COURSESPROD", "db-BILLING")
REPLICA = "drill-main-courses-prod-20261121030000-0a1b2c3d"
BUCKET = "evidence-of-main"
SUBNET_GROUP = "isolated"


@dataclass(frozen=True)
class Thing:
    """A resource of some service; `kind` is the service's own word for its type."""

    kind: str
    name: str
    arn: str
    region: str = REGION
    account: str = ACCOUNT

    @property
    def is_at_home(self) -> bool:
        return (self.region, self.account) == (REGION, ACCOUNT)


@dataclass(frozen=True)
class Said:
    """What a request says beside action and resource."""

    words: str = "nothing"
    tags: dict[str, str] = field(default_factory=dict)
    # Whether RDS takes the tags from what it copies; None where no tags are set.
    is_inherited: bool | None = None
    # Whether the instance is to be public; None when that isn't said.
    is_public: bool | None = None
    # Other keys of the context, as AWS fills them in.
    more: dict[str, str] = field(default_factory=dict)

    def context(self) -> dict[str, str | list[str]]:
        found: dict[str, str | list[str]] = {f"aws:RequestTag/{k}": v for k, v in self.tags.items()}
        if self.tags:
            found["aws:TagKeys"] = list(self.tags)
        if self.is_inherited is not None:
            found["rds:TagsFromRequest"] = str(not self.is_inherited).lower()
        if self.is_public is not None:
            found["rds:PubliclyAccessible"] = str(self.is_public).lower()
        return {**found, **self.more}


def arn(service: str, rest: str, region: str = REGION, account: str = ACCOUNT) -> str:
    """An ARN, at home unless said otherwise."""
    return f"arn:aws:{service}:{region}:{account}:{rest}"


def function_arn(handler: str) -> str:
    """The function of a step."""
    return arn("lambda", f"function:restore-drill-{DEPLOYMENT}-{handler}")


def values() -> Values:
    """The placeholders of a deployment in this account."""
    machine = f"restore-drill-{DEPLOYMENT}"
    in_machine = [s.handler for s in STEPS if s.handler not in OUTSIDE_THE_MACHINE]
    return Values(
        deployment=DEPLOYMENT,
        bucket=BUCKET,
        topic_arn=arn("sns", machine),
        state_machine_arn=arn("states", f"stateMachine:{machine}"),
        sweep_arn=function_arn("sweep-orphans"),
        watch_arn=function_arn("watch-restores"),
        function_arns=tuple(function_arn(handler) for handler in in_machine),
        source_arns=tuple(arn("rds", f"db:{name}") for name in SOURCES),
        source_user_arns=tuple(arn("rds-db", f"dbuser:{found}/*") for found in SOURCE_IDS),
        region=REGION,
        account=ACCOUNT,
        subnet_group=SUBNET_GROUP,
        key_arns=(arn("kms", "key/1"),),
    )


def instance(name: str, region: str = REGION, account: str = ACCOUNT) -> Thing:
    """A DB instance."""
    return Thing("db", name, arn("rds", f"db:{name}", region, account), region, account)


INSTANCES = (
    instance(REPLICA),
    # Somebody else's, named as ours.
    instance("drill-main-notes"),
    *(instance(name) for name in SOURCES),
    # Production that no drill is of.
    instance("shop-prod"),
    # A replica of the deployment `main-two`: it begins as ours do.
    instance("drill-main-two-courses-prod-20261121030000-99ff00aa"),
    instance("drill-mainland"),
    instance(f"old-{REPLICA}"),
    instance(REPLICA, region=ELSEWHERE),
    instance(REPLICA, account=STRANGER),
)


def six(
    deployment: str = DEPLOYMENT, drill: str = "courses-prod-20261121t030000z"
) -> dict[str, str]:
    """The tags that a replica gets when it is created."""
    return {
        f"{TAG}deployment": deployment,
        f"{TAG}source": "courses-prod",
        f"{TAG}source-resource-id": "db-COURSESPROD",
        f"{TAG}drill": drill,
        f"{TAG}backup": "rds:courses-prod-2026-11-21-02-03",
        f"{TAG}backup-data-at": "2026-11-21T02:03:00Z",
    }


PRODUCTIONS = {"service": "course-platform", "env": "production"}
OTHER_DRILL = "courses-prod-20261120t030000z"
RESOURCE_TAGS: dict[str, dict[str, str]] = {
    "none": {},
    "ours": six(),
    "ours, of another drill": six(drill=OTHER_DRILL),
    "the deployment's tag alone": {f"{TAG}deployment": DEPLOYMENT},
    "ours, held": {**six(), HOLD: "until Monday"},
    "ours, held by an empty tag": {**six(), HOLD: ""},
    "another deployment's": six("main-two"),
    "the deployment's in capitals": {**six(), f"{TAG}deployment": "MAIN"},
    "production's": PRODUCTIONS,
    "production's and ours": {**PRODUCTIONS, **six()},
}
# For actions that nobody is meant to have, whatever the tags.
FEW_TAGS = ("none", "ours")

NOTHING_SAID = Said()


def _without(tags: dict[str, str], key: str) -> dict[str, str]:
    return {k: v for k, v in tags.items() if k != f"{TAG}{key}"}


# What a call that creates or tags may say about tags.
TAGS_SAID = (
    NOTHING_SAID,
    Said("our tags", six(), is_inherited=False),
    Said("our tags without the drill's", _without(six(), "drill"), is_inherited=False),
    Said("our tags without the deployment's", _without(six(), "deployment"), is_inherited=False),
    Said("our tags, the deployment's in capitals", six("MAIN"), is_inherited=False),
    Said("our tags and another", {**six(), "team": "x"}, is_inherited=False),
    Said("our tags and a hold", {**six(), HOLD: ""}, is_inherited=False),
    Said("another deployment's tags", six("main-two"), is_inherited=False),
    Said("production's tags, inherited", PRODUCTIONS, is_inherited=True),
    Said("our tags, inherited", six(), is_inherited=True),
    # Should RDS not say which of the two it is.
    Said("our tags, from wherever", six()),
)
# And a restore about the network.
RESTORES_SAID = (
    *(Said(f"{s.words}, not public", s.tags, s.is_inherited, is_public=False) for s in TAGS_SAID),
    Said("our tags, public", six(), is_inherited=False, is_public=True),
    Said("our tags, nothing about public", six(), is_inherited=False),
)

USERS = tuple(
    Thing(
        "db-user",
        f"{found}/{user}",
        arn("rds-db", f"dbuser:{found}/{user}", region, account),
        region,
        account,
    )
    for found, user, region, account in (
        *(
            (source, user, REGION, ACCOUNT)
            for source in SOURCE_IDS
            for user in ("restore_drill", "postgres")
        ),
        ("db-REPLICA", "restore_drill", REGION, ACCOUNT),
        ("db-REPLICA", "postgres", REGION, ACCOUNT),
        ("db-REPLICA", "restore_drill_admin", REGION, ACCOUNT),
        ("db-SHOPPROD", "restore_drill", REGION, ACCOUNT),
        ("db-SHOPPROD", "app", REGION, ACCOUNT),
        ("db-REPLICA", "restore_drill", ELSEWHERE, ACCOUNT),
        ("db-REPLICA", "restore_drill", REGION, STRANGER),
    )
)

DRILL_FOLDER = "drills/courses-prod/courses-prod-20261121t030000z"
RECORDS = ("claim.json", "measurements/000-0.json", "catalogue.json", "verdict.json", "stop.json")
RECORDS += ("evidence.json", "report.html")
KEYS = (
    "config/courses-prod.toml",
    *(f"{DRILL_FOLDER}/{name}" for name in RECORDS),
    "notes.txt",
)
OBJECTS = tuple(
    Thing("object", f"{bucket}/{key}", f"arn:aws:s3:::{bucket}/{key}")
    for bucket in (BUCKET, "artifacts-of-main")
    for key in KEYS
)
BUCKETS = tuple(
    Thing("bucket", name, f"arn:aws:s3:::{name}") for name in (BUCKET, "artifacts-of-main")
)
TOPICS = tuple(Thing("topic", n, arn("sns", n)) for n in ("restore-drill-main", "orders"))
MACHINES = tuple(
    Thing("statemachine", n, arn("states", f"stateMachine:{n}"))
    for n in ("restore-drill-main", "orders")
)
EXECUTIONS = tuple(
    Thing("execution", n, arn("states", f"execution:{n}:1"))
    for n in ("restore-drill-main", "orders")
)
FUNCTIONS = tuple(
    Thing("function", name, arn("lambda", f"function:{name}"))
    for name in (*(f"restore-drill-{DEPLOYMENT}-{step.handler}" for step in STEPS), "orders")
)
SWEEP = next(thing for thing in FUNCTIONS if thing.name.endswith("-sweep-orphans"))
WATCH = next(thing for thing in FUNCTIONS if thing.name.endswith("-watch-restores"))
LOG_STREAMS = tuple(
    Thing("log-stream", f.name, arn("logs", f"log-group:/aws/lambda/{f.name}:log-stream:2026"))
    for f in FUNCTIONS
)
NAMESPACES = tuple(
    Said(f"namespace {n}", more={"cloudwatch:namespace": n})
    for n in ("RestoreDrill", "restoredrill", "AWS/RDS")
)
BUSES = tuple(Thing("event-bus", n, arn("events", f"event-bus/{n}")) for n in ("default", "orders"))
EVENT_SOURCES = tuple(
    Said(f"source {n}", more={"events:source": n}) for n in ("restore-drill", "shop", "aws.rds")
)
SECRETS = tuple(
    Thing("Secret", n, arn("secretsmanager", f"secret:{n}-AbCdEf"))
    for n in (
        *("restore-drill/main/courses-prod-heartbeat", "restore-drill/main-two/courses-prod"),
        *("restore-drill/mainland", "courses-prod/password", "rds!db-COURSESPROD"),
    )
)
