"""What is deployed: the functions, their names, rights and environment, and the state machine."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onemachine.machine import ACCOUNT, REGION


@dataclass(frozen=True)
class Step:
    """One function: its handler, the artifact it is in, and its limits."""

    handler: str
    artifact: str = "control"
    timeout_s: int = 120
    memory_mib: int = 256

    @property
    def placeholder(self) -> str:
        """How the state machine's definition names it."""
        return self.handler.replace("-", "_")


STEPS = (
    Step("plan-drill", "plan"),
    Step("restore-replica"),
    Step("observe-replica"),
    Step("plan-checks", "verify", 300, 512),
    Step("run-check", "verify", 900, 1024),
    Step("record-measurements"),
    Step("judge-drill", timeout_s=300),
    Step("stop-replica"),
    Step("retire-previous"),
    Step("publish-report"),
    Step("abandon-drill"),
    Step("sweep-orphans"),
    Step("watch-restores", timeout_s=300),
)
# Run on schedules of their own, so no state calls them.
OUTSIDE_THE_MACHINE = frozenset({"sweep-orphans", "watch-restores"})


class DefinitionError(Exception):
    """The definition and the list of functions do not fit together."""


@dataclass(frozen=True)
class Deployment:
    """One deployment's names; everything else follows from its name."""

    # The name that the command line takes when it is given none.
    name: str = "main"

    @property
    def prefix(self) -> str:
        return f"restore-drill-{self.name}"

    @property
    def bucket(self) -> str:
        return f"{self.prefix}-evidence"

    @property
    def artifact_bucket(self) -> str:
        return f"{self.prefix}-artifacts"

    @property
    def topic_arn(self) -> str:
        return f"arn:aws:sns:{REGION}:{ACCOUNT}:{self.prefix}"

    @property
    def state_machine_arn(self) -> str:
        return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{self.prefix}"

    def step(self, handler: str) -> Step:
        """The function of that handler."""
        return next(step for step in STEPS if step.handler == handler)

    def function_name(self, step: Step) -> str:
        return f"{self.prefix}-{step.handler}"

    def function_arn(self, step: Step) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name(step)}"

    def definition(self, template: str) -> str:
        """The state machine's definition with the functions' ARNs in it."""
        known = {
            step.placeholder: self.function_arn(step)
            for step in STEPS
            if step.handler not in OUTSIDE_THE_MACHINE
        }
        used = set(re.findall(r"\$\{(\w+)\}", template))
        if used != set(known):
            unknown, unused = sorted(used - set(known)), sorted(set(known) - used)
            raise DefinitionError(f"placeholders unknown: {unknown}, functions unused: {unused}")
        return re.sub(r"\$\{(\w+)\}", lambda found: known[found.group(1)], template)
