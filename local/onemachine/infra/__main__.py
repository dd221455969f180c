"""`make infra`: the Terraform module's form and meaning, its plan, and the module applied.

With the word `checks` it leaves the suites to `make test`, which has them.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from onemachine.counts import Counts, read_junit
from onemachine.infra import checkov, newer, terraform
from onemachine.infra.terraform import MODULE, TEST_SINCE, Failed, Skipped, Terraform
from onemachine.paths import ROOT, STORE, venv_program
from onemachine.provision import tool_environment

REPORT = STORE / "infra.xml"
SUITES = tuple(f"tests/suites/{name}_suite.py" for name in ("infra", "infra_apply", "newcomer"))
CHECKS_ALONE = "checks"


def main() -> int:
    """Every check; non-zero when one failed. What can't be done here is skipped, and says why."""
    total = _each(
        {
            "checkov": lambda: print(f"        {checkov.check()}"),
            "provider 6": lambda: print(f"        {newer.check()}"),
        }
    )
    try:
        found = terraform.find()
    except Skipped as reason:
        print(f"SKIPPED terraform: {reason}")
        total += Counts(skipped=1)
    else:
        total += _with(found)
    if CHECKS_ALONE not in sys.argv[1:]:
        total += _suite()
    print(total)
    return 1 if total.failed else 0


def _with(found: Terraform) -> Counts:
    # Formatting is looked at where it is written.
    return _each(
        {
            "fmt": lambda: found.run("fmt", "-check", "-diff", "-recursive", directory=MODULE),
            "validate": lambda: _validate(found),
            "examples": lambda: _validate_examples(found),
            "test": lambda: _test(found),
        }
    )


def _each(checks: dict[str, Callable[[], object]]) -> Counts:
    counts = Counts()
    for name, check in checks.items():
        began = time.monotonic()
        try:
            check()
        except Skipped as reason:
            print(f"SKIPPED {name}: {reason}")
            counts += Counts(skipped=1)
        except Failed as error:
            print(f"FAILED  {name}: {error}")
            counts += Counts(failed=1)
        else:
            print(f"passed  {name} {time.monotonic() - began:.1f} s", flush=True)
            counts += Counts(passed=1)
    return counts


def _validate(found: Terraform) -> None:
    found.init()
    found.run("validate", "-no-color")


def _validate_examples(found: Terraform) -> None:
    for example in sorted((found.copy / "infra" / "examples").iterdir()):
        found.init(example)
        found.run("validate", "-no-color", directory=example)


def _test(found: Terraform) -> None:
    if found.version < TEST_SINCE:
        raise Skipped("terraform test needs 1.11 or newer, for mocks whose values a plan knows")
    found.init()
    said = found.run("test", "-no-color")
    print(f"        {said.strip().splitlines()[-1]}")


def _suite() -> Counts:
    REPORT.unlink(missing_ok=True)
    command = [venv_program("pytest"), "-c", "tests/pytest.ini", f"--junitxml={REPORT}", "-q"]
    code = subprocess.run(
        [*command, *SUITES], cwd=ROOT, env=tool_environment(), check=False
    ).returncode
    return read_junit(REPORT).with_exit_code(code)


if __name__ == "__main__":
    sys.exit(main())
