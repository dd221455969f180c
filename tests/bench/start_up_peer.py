"""The same function as somebody would write it in Python: boto3, and the least runtime there is.

Describes one instance on each invocation. Speaks Lambda's runtime API as AWS's own client for
Python does, without its logging and tracing, so that the comparison is in Python's favour.
"""

from __future__ import annotations

import http.client
import json
import os
from typing import Any

import boto3

rds = boto3.client("rds")


def handler(event: dict[str, Any]) -> dict[str, Any]:
    """Look once."""
    answer = rds.describe_db_instances(DBInstanceIdentifier=event["awaited"][0]["replica"])
    instance = answer["DBInstances"][0]
    return {"reached": instance["DBInstanceStatus"] == "available"}


def serve() -> None:
    """Ask for work, do it, say what came of it, for ever."""
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    path = "/2018-06-01/runtime/invocation"
    while True:
        api.request("GET", f"{path}/next")
        answer = api.getresponse()
        event = json.loads(answer.read())
        invocation = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        api.request("POST", f"{path}/{invocation}/response", json.dumps(handler(event)))
        api.getresponse().read()


serve()
