"""The configuration of a test's source: sections with defaults for this machine, as TOML."""

from __future__ import annotations

import json
from typing import Any

Sections = dict[str, dict[str, Any]]

DEFAULTS: Sections = {
    "replica": {
        "instance_class": "db.t4g.medium",
        "subnet_group": "restore-drill",
        "security_groups": ["sg-0a1b2c3d4e5f60718"],
    },
    # The shortest that is allowed; the local AWS scales the waits down further.
    "polling": {"first": "1s", "min": "1s", "max": "2s"},
    "deadlines": {"available": "5m", "stopped": "5m", "gone": "5m"},
    "database": {"name": "courses"},
}


def render(source: str, sections: Sections, more: str) -> str:
    """The defaults with a test's sections over them, and its tables and queries below."""
    lines = [f"source = {json.dumps(source)}"]
    for name in {**DEFAULTS, **sections}:
        fields = {**DEFAULTS.get(name, {}), **sections.get(name, {})}
        lines += ["", f"[{name}]"]
        # JSON's texts, numbers, booleans and lists are also TOML's.
        lines += [f"{field} = {json.dumps(value)}" for field, value in fields.items()]
    return "\n".join([*lines, "", more])
