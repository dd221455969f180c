"""`make schema`: the JSON schema of the configuration, as the command line prints it."""

from __future__ import annotations

import subprocess
import sys

from onemachine.paths import ROOT, TARGET

SCHEMA = ROOT / "docs" / "drill.schema.json"


def main() -> int:
    """Write the schema and say whether it had drifted; a test fails while it has."""
    answer = subprocess.run(
        [TARGET / "debug" / "restore-drill", "checks", "schema"],
        stdout=subprocess.PIPE,
        check=False,
    )
    if answer.returncode != 0:
        return answer.returncode
    same = SCHEMA.exists() and SCHEMA.read_bytes() == answer.stdout
    if not same:
        SCHEMA.write_bytes(answer.stdout)
    print(f"{SCHEMA.relative_to(ROOT)} {'is up to date' if same else 'was written anew'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
