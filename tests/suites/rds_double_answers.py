"""Checks every answer of the double against botocore's own model of the API.

botocore ignores elements that it doesn't know, so a misspelled one would just be missing. Here
every element must be a member of the operation's output shape and its text must be of the
member's type; every error must be one that the operation has, with its status.
"""

import re
import xml.etree.ElementTree as ET

from botocore.model import OperationModel, Shape
from dateutil import parser as dates

# Errors that any operation may answer.
COMMON = {
    "InvalidParameterValue": 400,
    "InvalidParameterCombination": 400,
    "MissingParameter": 400,
    "MalformedInput": 400,
    "Throttling": 400,
    "AccessDenied": 403,
    "InternalFailure": 500,
    "ServiceUnavailable": 503,
}


def check_all(client: object) -> None:
    """Makes a client check every answer that it gets."""
    client.meta.events.register("before-parse.rds.*", _check)


def _check(operation_model: OperationModel, response_dict: dict, **_: object) -> None:
    # The documents come from the double on this machine.
    root = ET.fromstring(response_dict["body"])  # noqa: S314
    if response_dict["status_code"] >= 300:
        _check_error(operation_model, root, response_dict["status_code"])
        return
    name = operation_model.name
    expected = [f"{name}Result"] if operation_model.output_shape else []
    assert _plain(root.tag) == f"{name}Response", root.tag
    assert [_plain(each.tag) for each in root] == [*expected, "ResponseMetadata"]
    if expected:
        check_shape(operation_model.output_shape, root[0], name)


def _check_error(operation: OperationModel, root: ET.Element, status: int) -> None:
    texts = {_plain(each.tag): each.text for each in root.iter()}
    known = dict(COMMON)
    for shape in operation.error_shapes:
        error = shape.metadata["error"]
        known[error["code"]] = error["httpStatusCode"]
    code = texts["Code"]
    assert code in known, f"{operation.name} has no error {code}"
    assert status == known[code], f"{code} has the status {known[code]}, not {status}"
    assert texts["Message"]
    assert texts["RequestId"]


def check_shape(shape: Shape, element: ET.Element, path: str) -> None:
    """Fails unless an element and all below it have the form that the shape describes."""
    if shape.type_name == "structure":
        _check_structure(shape, element, path)
    elif shape.type_name == "list":
        item = shape.member.serialization.get("name", "member")
        for each in element:
            assert _plain(each.tag) == item, f"{path}: {each.tag} is not {item}"
            check_shape(shape.member, each, f"{path}[]")
    else:
        assert len(element) == 0, f"{path} has elements"
        _check_text(shape.type_name, element.text or "", path)


def _check_structure(shape: Shape, element: ET.Element, path: str) -> None:
    members = {each.serialization.get("name", name): each for name, each in shape.members.items()}
    seen = set()
    for each in element:
        name = _plain(each.tag)
        assert name in members, f"{path}.{name} is no member of {shape.name}"
        assert name not in seen, f"{path}.{name} is there twice"
        seen.add(name)
        check_shape(members[name], each, f"{path}.{name}")


def _check_text(kind: str, text: str, path: str) -> None:
    if kind == "boolean":
        assert text in {"true", "false"}, f"{path}: {text}"
    elif kind in {"integer", "long"}:
        assert re.fullmatch(r"-?\d+", text), f"{path}: {text}"
    elif kind == "timestamp":
        assert dates.isoparse(text).tzinfo, f"{path}: {text}"
    else:
        assert kind == "string", f"{path} is a {kind}"


def _plain(tag: str) -> str:
    namespace, _, name = tag.rpartition("}")
    assert namespace == "{http://rds.amazonaws.com/doc/2014-10-31/", tag
    return name
