"""The tables of inputs and outputs in infra/README.md, written from the .tf files.

Reads what this module writes and no more of the language: blocks that begin and end at the margin.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from onemachine.infra.terraform import MODULE
from onemachine.paths import ROOT

README = MODULE / "README.md"
MARK = "<!-- {name}: begin, written by `make infra-tables` -->\n{text}<!-- {name}: end -->"
BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.M | re.S)


class TablesError(Exception):
    """The module or its README isn't as the tables need it."""


@dataclass(frozen=True)
class Block:
    """A variable or an output."""

    kind: str
    name: str
    body: str

    def attribute(self, name: str) -> str | None:
        """The text of an attribute; of one that goes over lines, all of them."""
        found = re.search(rf"^  {name} += (.*?)(?=^  \w|^$|\Z)", self.body, re.M | re.S)
        return found.group(1).strip() if found else None

    @property
    def description(self) -> str:
        text = self.attribute("description")
        if not text:
            raise TablesError(f"{self.kind} {self.name} has no description")
        return text.strip('"').replace('\\"', '"').replace("$${", "${").replace("|", "\\|")

    @property
    def type(self) -> str:
        text = self.attribute("type") or "any"
        return re.sub(r"object\(.*\}\)", "object", text, flags=re.S)

    @property
    def default(self) -> str:
        value = self.attribute("default")
        if value is None:
            return "required"
        return "none" if value == "null" else f"`{value}`"


def blocks(directory: Path = MODULE) -> list[Block]:
    """Every variable and output of the module, in the files' order."""
    paths = sorted(directory.glob("*.tf"))
    texts = (path.read_text(encoding="utf-8") for path in paths)
    return [Block(*found) for text in texts for found in BLOCK.findall(text)]


def _inputs() -> str:
    rows = [
        f"| `{b.name}` | `{b.type}` | {b.default} | {b.description} |"
        for b in blocks()
        if b.kind == "variable"
    ]
    return "\n".join(["| Input | Type | Default | Meaning |", "|---|---|---|---|", *rows]) + "\n"


def _outputs() -> str:
    rows = [f"| `{b.name}` | {b.description} |" for b in blocks() if b.kind == "output"]
    return "\n".join(["| Output | Meaning |", "|---|---|", *rows]) + "\n"


def expected() -> str:
    """The README as it should be."""
    text = written()
    for name, table in (("inputs", _inputs()), ("outputs", _outputs())):
        begin, end = (re.escape(part) for part in MARK.format(name=name, text="\0").split("\0"))
        if len(re.findall(begin + ".*?" + end, text, re.S)) != 1:
            raise TablesError(f"infra/README.md needs one place for {name}, between its marks")
        marked = MARK.format(name=name, text=table)
        text = re.sub(begin + ".*?" + end, lambda _, new=marked: new, text, flags=re.S)
    return text


def written() -> str:
    """The README as it is."""
    return README.read_text(encoding="utf-8")


def main() -> int:
    """Write the tables."""
    README.write_text(expected(), encoding="utf-8")
    print(f"{README.relative_to(ROOT)}: inputs and outputs written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
