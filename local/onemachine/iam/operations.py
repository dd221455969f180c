"""What an AWS request is called: its operation and parameters, by AWS's own models of its APIs.

The models are those that botocore carries. A request names its operation in a header, in its form,
or by method and path alone: the last is looked up among the paths of the service.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.session

from onemachine.iam.calls import Call, UnknownCall

# By the name that requests are signed for, where the model has another.
MODELS = {"states": "stepfunctions", "monitoring": "cloudwatch"}


@dataclass(frozen=True)
class Route:
    """An operation that a path stands for."""

    operation: str
    method: str
    path: re.Pattern[str]
    query: dict[str, list[str]]
    # What a request must carry to be this operation and no other of the same path.
    required: frozenset[str]

    @property
    def weight(self) -> int:
        """More for what says more: of two that fit, it is the one that is meant."""
        literals = len(re.sub(r"\(\?P.*?\)", "", self.path.pattern))
        return 1000 * len(self.query) + 100 * len(self.required) + literals


def operation(call: Call) -> tuple[str, dict[str, Any]]:
    """The operation of a request, and what it says; `UnknownCall` where no model has it."""
    if call.headers.get("x-amz-target"):
        return call.operation, json.loads(call.body or b"{}")
    if "/operation/" in call.path or "Action" in call.form:
        return call.operation, dict(call.form)
    parts = urlsplit(call.path)
    query = parse_qs(parts.query, keep_blank_values=True)
    fitting = [
        (route, found.groupdict())
        for route in _routes(call.service)
        if route.method == call.method
        and (found := route.path.fullmatch(parts.path))
        and all(name in query and query[name] == want for name, want in route.query.items())
        and all(name in query or name.lower() in call.headers for name in route.required)
    ]
    if not fitting:
        raise UnknownCall(f"{call.service}: {call.method} {call.path}")
    route, named = max(fitting, key=lambda one: one[0].weight)
    said = {name: unquote(value) for name, value in named.items()}
    return route.operation, {**_body(call), **{k: v[0] for k, v in query.items()}, **said}


def _body(call: Call) -> dict[str, Any]:
    try:
        said = json.loads(call.body or b"{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


@cache
def _routes(service: str) -> tuple[Route, ...]:
    model = botocore.session.get_session().get_service_model(MODELS.get(service, service))
    return tuple(_route(model.operation_model(name)) for name in model.operation_names)


def _route(model: Any) -> Route:
    path, _, query = model.http["requestUri"].partition("?")
    if model.service_model.signing_name == "s3" and not path.startswith("/{Bucket}"):
        # botocore's own rules put the bucket in front, where it isn't in the path already.
        path = "/{Bucket}" + path if "Bucket" in _members(model) else path
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))
    pattern = re.sub(r"\\{(\w+)\\\+\\}", r"(?P<\1>.+)", pattern)
    return Route(
        operation=model.name,
        method=model.http["method"],
        path=re.compile(pattern.rstrip("/") + "/?"),
        query=parse_qs(query, keep_blank_values=True),
        required=frozenset(_required(model)),
    )


def _members(model: Any) -> dict[str, Any]:
    return dict(model.input_shape.members) if model.input_shape else {}


def _required(model: Any) -> list[str]:
    needed = model.input_shape.required_members if model.input_shape else []
    places = [(_members(model)[name].serialization, name) for name in needed]
    return [
        place.get("name", name)
        for place, name in places
        if place.get("location") in ("header", "querystring")
    ]
