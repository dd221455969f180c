"""`make schema`: the schemas of the configuration, the event and the evidence, from their types."""

from __future__ import annotations

import subprocess
import sys

from onemachine.paths import ROOT

DRILL = "cargo run --locked --quiet --package"
# The file below docs, and the program that prints it.
SCHEMAS = {
    "drill.schema.json": f"{DRILL} restore-drill -- checks schema",
    "event.schema.json": f"{DRILL} drill --example event_schema",
    "evidence.schema.json": f"{DRILL} drill --example evidence_schema",
}


def main() -> int:
    """Write the schemas and say whether they had drifted; a test fails while one has."""
    for name, command in SCHEMAS.items():
        answer = subprocess.run(command.split(), cwd=ROOT, stdout=subprocess.PIPE, check=False)
        if answer.returncode != 0:
            return answer.returncode
        path = ROOT / "docs" / name
        same = path.exists() and path.read_bytes() == answer.stdout
        if not same:
            path.write_bytes(answer.stdout)
        print(f"docs/{name} {'is up to date' if same else 'was written anew'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
