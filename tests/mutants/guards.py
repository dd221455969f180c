"""The list of guards, and what switching one off does to a source file."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from onemachine.paths import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LIST = Path(__file__).with_name("guards.toml")
SOURCES = "functions/drill/src"


@dataclass(frozen=True)
class Guard:
    """One guard: what it keeps from happening, and the source without it."""

    guard: str
    file: str
    find: str
    replace: str

    @property
    def path(self) -> str:
        """The file, from the project's root."""
        return f"{SOURCES}/{self.file}"

    def problem(self, root: Path = ROOT) -> str | None:
        """Why the guard can't be switched off; it must stand there, once."""
        if not (root / self.path).is_file():
            return f"{self.guard}: there is no {self.path}"
        times = (root / self.path).read_text(encoding="utf-8").count(self.find)
        return (
            None if times == 1 else f"{self.guard}: {self.path} has it {times} times: {self.find!r}"
        )

    def switched_off(self, root: Path = ROOT) -> str:
        """The file's text without the guard."""
        text = (root / self.path).read_text(encoding="utf-8")
        return text.replace(self.find, self.replace)


def read() -> list[Guard]:
    """All of them, in their order."""
    table = tomllib.loads(LIST.read_text(encoding="utf-8"))
    return [Guard(**entry) for entry in table["guard"]]
