"""Where things are in a checkout. Nothing is written outside it, run directories apart."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / "local"
VENV = ROOT / ".venv"
# Everything that setup fetches or builds besides the virtual environment.
STORE = ROOT / ".local"
TARGET = ROOT / "target"
LAMBDA_ZIPS = TARGET / "lambda"
STATE_MACHINE = ROOT / "statemachine" / "drill.asl.json"


def venv_program(name: str) -> str:
    """The path of a program that setup installed into the virtual environment."""
    return str(VENV / "bin" / name)
