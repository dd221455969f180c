"""Whether AWS provider 6 has every name that the module uses, where provider 5 is what runs.

HashiCorp generated bindings for TypeScript from the provider's own schema, and published them on
npm up to 6.25.0. They name each resource's arguments and blocks, which of them must be there, which
are deprecated, and what can be read from it. The values aren't looked at, and nothing is run.
"""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onemachine.infra import checkov
from onemachine.infra.terraform import MODULE, Failed, Skipped
from onemachine.provision import ProvisionError, npm_package

PACKAGE = "@cdktf/provider-aws@21.22.1"
PROVIDER = "6.25.0"
SHA512 = "BuSHeaQFUL9l33pBzIMRT7cTQ69AM2mLtijjteCPhVQRmvuhuj9Lvfymf7knAMhYqAT6+Lrls9jiGVW/Us3zrQ=="

# What Terraform itself takes in any resource.
_TERRAFORMS = {"count", "for_each", "depends_on", "lifecycle", "provider", "dynamic"}
_READ = re.compile(r"\b(data\.)?(aws_\w+)\.\w+(?:\[[^\]]*\])?\.(\w+)")
_INTERFACE = re.compile(r"^export interface (\w+)(?: extends [\w.]+)? \{(.*?)^\}", re.M | re.S)
_PROPERTY = re.compile(r"/\*\*(.*?)\*/\s*readonly (\w+)(\??): ([^;]+);", re.S)


@dataclass(frozen=True)
class Argument:
    """An argument or a block, by the schema."""

    is_required: bool
    is_deprecated: bool
    # The interface of a block, or any other type's name.
    kind: str


@dataclass(frozen=True)
class Schema:
    """What one kind of resource has."""

    # By the name of its interface; the first is the resource's own.
    blocks: dict[str, dict[str, Argument]]
    text: str

    def can_be_read(self, attribute: str) -> bool:
        """Whether the attribute is one of the resource's, given or computed."""
        return re.search(rf"\bget {_camel(attribute)}\(\)", self.text) is not None


@dataclass
class Found:
    """What was compared, and what differs."""

    arguments: int = 0
    attributes: int = 0
    problems: list[str] = field(default_factory=list)


def check(directory: Path = MODULE) -> str:
    """Compare all names; `Failed` with those that provider 6 doesn't have, else a line about it."""
    found = compare(directory)
    if found.problems:
        raise Failed("\n".join([f"provider {PROVIDER} has it otherwise:", *found.problems]))
    if not found.arguments or not found.attributes:
        raise Failed("nothing was compared")
    return (
        f"{found.arguments} arguments and {found.attributes} attributes, all of provider {PROVIDER}"
    )


def compare(directory: Path = MODULE) -> Found:
    """Compare the names in a folder and in its examples; `Skipped` where there are no bindings."""
    found = Found()
    files = sorted((*directory.glob("*.tf"), *directory.glob("examples/*/*.tf")))
    with tempfile.TemporaryDirectory() as scratch:
        try:
            archive = npm_package(PACKAGE, SHA512, Path(scratch))
        except ProvisionError as error:
            raise Skipped(f"provider 6's names are on npm: {error}") from error
        # As a stream: the archive has some two thousand resources, of which a module uses thirty.
        documents = {path: _parsed(path) for path in files}
        schemas = _schemas(archive, _kinds(documents))
    for path, document in documents.items():
        for kind, name, body in _resources(document):
            where = f"{path.relative_to(directory)} {kind}.{name}"
            schema = schemas.get(kind)
            if schema is None:
                found.problems.append(f"{where}: there is no such resource")
            else:
                _compare_block(where, body, next(iter(schema.blocks)), schema, found)
        for data, kind, attribute in set(_READ.findall(path.read_text("utf-8"))):
            schema = schemas.get(data + kind)
            found.attributes += 1
            if schema is None or not schema.can_be_read(attribute):
                found.problems.append(f"{path.name}: {data}{kind} has no {attribute}")
    return found


def _parsed(path: Path) -> dict[str, Any]:
    """A file as the reader that checkov brings takes it."""
    program = Path(checkov.program()).with_name("hcl2tojson")
    answer = subprocess.run([program, path], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise Failed(f"{path.name} can't be read: {answer.stderr.strip()[-300:]}")
    return dict(json.loads(answer.stdout))


def _resources(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Kind, name and body of each resource of AWS; the kind of what is only read has `data.`."""
    for section, prefix in (("resource", ""), ("data", "data.")):
        for declared in document.get(section, []):
            for kind, named in declared.items():
                if kind.startswith("aws_"):
                    for name, body in named.items():
                        yield prefix + kind, name, body


def _kinds(documents: dict[Path, dict[str, Any]]) -> set[str]:
    return {kind for document in documents.values() for kind, _, _ in _resources(document)}


def _schemas(archive: Path, kinds: set[str]) -> dict[str, Schema]:
    places = {f"package/lib/{_folder(kind)}/index.d.ts": kind for kind in kinds}
    schemas = {}
    with tarfile.open(archive) as package:
        for member in package:
            content = package.extractfile(member) if member.name in places else None
            if content:
                schemas[places[member.name]] = _schema(content.read().decode())
    return schemas


def _folder(kind: str) -> str:
    name = kind.replace("data.aws_", "data-aws-").removeprefix("aws_")
    return name.replace("_", "-")


def _schema(text: str) -> Schema:
    blocks: dict[str, dict[str, Argument]] = {}
    for interface in _INTERFACE.finditer(text):
        named = _PROPERTY.finditer(interface[2])
        blocks[interface[1]] = dict(_argument(*one.groups()) for one in named)
    return Schema(blocks, text)


def _argument(told: str, name: str, optional: str, kind: str) -> tuple[str, Argument]:
    # The link to its documentation spells it as Terraform does.
    link = re.search(r"#(\w+) \w+#\w+\}", told)
    plain = re.sub(r"\[\]| \| cdktf\.IResolvable", "", kind).strip()
    argument = Argument(not optional, "eprecated" in told, plain)
    return (link[1] if link else name), argument


def _compare_block(
    where: str, body: dict[str, Any], interface: str, schema: Schema, found: Found
) -> None:
    known = schema.blocks[interface]
    written = {name: value for name, value in body.items() if not name.startswith("__")}
    for dynamic in written.get("dynamic", []):
        written |= {name: made["content"] for name, made in dynamic.items()}
    for name, value in written.items():
        if name in _TERRAFORMS:
            continue
        argument = known.get(name)
        if argument is None:
            found.problems.append(f"{where}: there is no {name}")
            continue
        found.arguments += 1
        if argument.is_deprecated:
            found.problems.append(f"{where}: {name} is deprecated")
        if argument.kind in schema.blocks:
            for block in (one for one in value if isinstance(one, dict)):
                _compare_block(f"{where}.{name}", block, argument.kind, schema, found)
    missing = [n for n, a in known.items() if a.is_required and n not in written]
    found.problems += [f"{where}: {name} must be there" for name in missing]


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)
