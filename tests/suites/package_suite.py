"""What `make package` and `make lambdas` put into their files.

What reads a package is skipped where none was made: that takes a quarter of an hour.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from onemachine.package import authorities, building, linker, zips
from onemachine.package.__main__ import FOLDER
from onemachine.package.authorities import Authority, BundleError
from onemachine.package.building import ARCHITECTURES, Architecture
from onemachine.paths import LAMBDA_ZIPS, ROOT

NOW = datetime.now(timezone.utc)
# ELF's e_machine (System V ABI, "ELF header").
MACHINES = {"arm64": 183, "x86_64": 62}
GLIBC_MAX = tuple(int(part) for part in building.GLIBC.split("."))
PROGRAM = zips.Member(b"\x7fELF" * 20_000 + bytes(range(256)), zips.PROGRAM)
# What decision 0019 came to, and a little room.
ZIP_MAX_BYTES = {"plan": 2_500_000, "control": 2_500_000, "verify": 2_000_000}


# The archives, which need no package.


@pytest.mark.parametrize("deflate", [zips.stored, zips.quick, zips.small])
def a_zip_gives_back_what_went_in(deflate: zips.Deflate) -> None:
    members = {"bootstrap": PROGRAM, "rds-ca.pem": zips.Member(b"text")}
    with zipfile.ZipFile(io.BytesIO(zips.zipped(members, deflate))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            name: member.content for name, member in members.items()
        }
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
        assert modes == {"bootstrap": 0o100755, "rds-ca.pem": 0o100644}
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_DEFLATED}


def a_zip_follows_from_its_members_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    members = {"a": PROGRAM, "b": zips.Member(b"text")}
    before = zips.zipped(members, zips.small)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert zips.zipped(dict(reversed(members.items())), zips.small) == before
    assert zips.zipped({**members, "b": zips.Member(b"Text")}, zips.small) != before


def another_unzip_reads_it_too(tmp_path: Path) -> None:
    path = tmp_path / "one.zip"
    path.write_bytes(zips.zipped({"bootstrap": PROGRAM}, zips.small))
    command = ["unzip", "-q", str(path), "-d", str(tmp_path)]
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError:
        pytest.skip("unzip is not installed")
    assert (tmp_path / "bootstrap").read_bytes() == PROGRAM.content
    assert (tmp_path / "bootstrap").stat().st_mode & stat.S_IXUSR


def a_tar_file_names_nobody_and_no_time() -> None:
    members = {"restore-drill": PROGRAM, "LICENSE-MIT": zips.Member(b"text")}
    packed = zips.gzipped(zips.tarred("folder", members))
    assert packed == zips.gzipped(zips.tarred("folder", dict(reversed(members.items()))))
    assert packed[4:8] == b"\0\0\0\0", "gzip's time of modification"
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed))) as archive:
        for entry in archive:
            assert (entry.mtime, entry.uid, entry.gid, entry.uname) == (0, 0, 0, "")
        assert archive.getmember("folder/restore-drill").mode == 0o755


def the_flags_hide_every_place_of_the_building_machine() -> None:
    root, target, home = Path("/a/checkout"), Path("/elsewhere/target"), Path("/a/home/.cargo")
    flags = building.flags(root, target, home)
    for place in (root, target, home):
        assert any(flag.startswith(f"--remap-path-prefix={place}=") for flag in flags), place


# The linker of what is deployed, with a compiler that only says what it would do.


@pytest.fixture
def compiler(tmp_path: Path) -> dict[str, str]:
    """The environment that cargo-lambda gives, with a `zig cc` that shows three calls."""
    program = tmp_path / "zig-cc"
    lines = ("ld.lld -o /cache/libc.so", "ld.lld -o $2 a.o", "warning: something")
    said = "\n".join(f'echo "{line}" >&2' for line in lines)
    silent = '[ -n "$SILENT" ] && exit 0'
    program.write_text(f"#!/bin/sh\n{silent}\n{said}\nexit ${{FAILS:-0}}\n", encoding="utf-8")
    program.chmod(0o755)
    return {"CARGO_TARGET_A_LINKER": str(program), "PATH": os.defpath}


def _linked(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], output: str
) -> tuple[int, list[list[str]]]:
    """What linking ended with, and the calls of zig's linker by ours."""
    calls: list[list[str]] = []
    run = subprocess.run

    def noted(command: list[str], **more: object) -> object:
        if command[0].endswith("python-zig"):
            calls.append(command[1:])
            return subprocess.CompletedProcess(command, 0)
        return run(command, **more)

    monkeypatch.setattr(linker.subprocess, "run", noted)
    return linker.main(["-o", output], environment), calls


def a_deployed_program_is_linked_once_more_as_zig_did_and_smaller(
    monkeypatch: pytest.MonkeyPatch, compiler: dict[str, str]
) -> None:
    code, calls = _linked(monkeypatch, compiler, "/target/deps/control-0123")
    assert code == 0
    assert calls == [["ld.lld", "-o", "/target/deps/control-0123", "a.o", *linker.SMALL]]


def what_isnt_deployed_is_linked_by_zig_alone(
    monkeypatch: pytest.MonkeyPatch, compiler: dict[str, str]
) -> None:
    assert _linked(monkeypatch, compiler, "/target/build/build_script_build-0123") == (0, [])


def a_link_that_fails_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, compiler: dict[str, str]
) -> None:
    code, calls = _linked(monkeypatch, {**compiler, "FAILS": "7"}, "/target/deps/verify-0123")
    assert (code, calls) == (7, [])


def a_linker_that_isnt_understood_is_refused(
    monkeypatch: pytest.MonkeyPatch, compiler: dict[str, str]
) -> None:
    two = {**compiler, "CARGO_TARGET_B_LINKER": "/another"}
    assert _linked(monkeypatch, two, "/target/deps/verify-0123") == (2, [])
    silent = {**compiler, "SILENT": "1"}
    assert _linked(monkeypatch, silent, "/target/deps/verify-0123") == (2, [])


def in_a_folder_with_a_space_in_its_name_zig_s_own_link_is_kept(
    monkeypatch: pytest.MonkeyPatch, compiler: dict[str, str]
) -> None:
    assert _linked(monkeypatch, compiler, "/a folder/deps/verify-0123") == (0, [])


def an_absent_target_is_told() -> None:
    here = building.of_this_machine().lambda_target
    assert building.missing_targets([here, "mips-unknown-none"]) == ["mips-unknown-none"]


# The authorities of RDS.


@pytest.fixture(scope="module")
def shipped() -> list[Authority]:
    """What goes into verify.zip where nobody names a file."""
    return authorities.checked(authorities.of_npm(NOW), NOW)


def every_shipped_certificate_is_a_root_of_rds_that_is_valid_for_years(
    shipped: list[Authority],
) -> None:
    for one in shipped:
        assert one.is_authority, one.name
        assert one.signs_itself, one.name
        assert one.place, one.name
        assert one.is_valid(NOW), one.name
        assert one.is_valid(NOW + timedelta(days=3650)), one.name


def there_is_one_of_each_kind_for_every_region(shipped: list[Authority]) -> None:
    places = [one.place for one in shipped]
    assert len(set(places)) == len(places)
    regions = authorities.regions(shipped)
    assert len(regions) == 27
    assert {place for place in places if place} == {
        (region, kind) for region in regions for kind in authorities.KINDS
    }
    assert {"us-east-1", "eu-central-1", "ap-southeast-2", "sa-east-1"} <= set(regions)


def neither_trials_of_aws_nor_public_roots_are_trusted(shipped: list[Authority]) -> None:
    assert not [one.name for one in shipped if re.search("Beta|Preview|2019|Starfield", one.name)]
    assert all(one.name.startswith("Amazon RDS ") for one in shipped)


def a_bundle_of_ones_own_is_shipped_byte_for_byte(tmp_path: Path, shipped: list[Authority]) -> None:
    path = tmp_path / "global-bundle.pem"
    path.write_text("# mine\n" + authorities.as_pem(shipped[:3]), encoding="utf-8")
    content, regions = authorities.bundle(path, NOW)
    assert content == path.read_bytes()
    assert regions == [shipped[0].place[0]] if shipped[0].place else False


def a_bundle_that_would_trust_nobody_is_refused(shipped: list[Authority]) -> None:
    text = authorities.as_pem(shipped)
    with pytest.raises(BundleError, match="no certificate"):
        authorities.checked("<html>404</html>", NOW)
    with pytest.raises(BundleError, match="every certificate in it has expired"):
        authorities.checked(text, NOW + timedelta(days=365 * 120))
    with pytest.raises(BundleError, match="isn't base64"):
        authorities.checked(text.replace("MII", "M!I", 1), NOW)
    elliptic = authorities.as_pem([one for one in shipped if "ECC" in one.name])
    with pytest.raises(BundleError, match="RSA2048 G1"):
        authorities.checked(elliptic, NOW)


def the_zip_of_make_lambdas_can_be_deployed() -> None:
    archive = LAMBDA_ZIPS / "verify.zip"
    if not archive.exists():
        pytest.skip("there is no target/lambda/verify.zip: run make lambdas")
    with zipfile.ZipFile(archive) as zipped:
        assert zipped.namelist() == ["bootstrap", "rds-ca.pem"]
        assert authorities.checked(zipped.read("rds-ca.pem").decode(), NOW)


# A package that was made.


def _packaged() -> list[Architecture]:
    return [a for a in ARCHITECTURES if (FOLDER / a.name).is_dir()]


@pytest.fixture(params=ARCHITECTURES, ids=lambda architecture: architecture.name)
def packaged(request: pytest.FixtureRequest) -> Architecture:
    """An architecture that was packaged."""
    if request.param not in _packaged():
        pytest.skip(f"nothing was packaged for {request.param.name}: run make package")
    return request.param


def _programs(architecture: Architecture) -> Iterator[tuple[str, bytes]]:
    """The programs for an architecture, by name."""
    for path in sorted((FOLDER / architecture.name).glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            yield path.stem, archive.read("bootstrap")
    for path in FOLDER.glob(f"restore-drill-{architecture.static_target}.tar.gz"):
        with tarfile.open(path) as archive:
            member = archive.extractfile(f"{path.name.removesuffix('.tar.gz')}/restore-drill")
            assert member
            yield "restore-drill", member.read()


def the_zips_hold_what_lambda_and_terraform_expect(packaged: Architecture) -> None:
    beside = {"verify": ["rds-ca.pem"]}
    for path in sorted((FOLDER / packaged.name).glob("*.zip")):
        assert path.stem in building.LAMBDAS
        with zipfile.ZipFile(path) as archive:
            assert archive.namelist() == ["bootstrap", *beside.get(path.stem, [])]
            assert archive.getinfo("bootstrap").external_attr >> 16 == 0o100755
            assert {entry.date_time for entry in archive.infolist()} == {zips.EPOCH}


def the_programs_are_of_the_architecture(packaged: Architecture) -> None:
    for name, program in _programs(packaged):
        assert program[:4] == b"\x7fELF"
        assert int.from_bytes(program[18:20], "little") == MACHINES[packaged.name], name


def no_program_needs_a_newer_c_library_than_lambdas(packaged: Architecture) -> None:
    for name, program in _programs(packaged):
        found = {
            tuple(int(part) for part in version.split(b"."))
            for version in re.findall(rb"GLIBC_(\d+\.\d+(?:\.\d+)?)\0", program)
        }
        if name == "restore-drill":
            assert not found, "the command line is static"
        else:
            assert (2, 17) <= max(found) <= GLIBC_MAX, f"{name}: {max(found)}"


def no_place_of_the_building_machine_is_in_a_program(packaged: Architecture) -> None:
    home = str(Path.home())
    places = [str(ROOT), f"{home}/", "/.cargo/", "/registry/src/", "index.crates.io-"]
    for name, program in _programs(packaged):
        found = [place for place in places if place.encode() in program]
        assert not found, f"{name} holds {found}"


def no_deployed_program_has_tables_for_unwinding(packaged: Architecture) -> None:
    for name, program in _programs(packaged):
        if name in building.LAMBDAS:
            assert not re.search(rb"\0\.(eh_frame|gcc_except_table)", program), name


def _runner(architecture: Architecture) -> list[str]:
    """What runs a program for the architecture here: nothing on a machine of it, else qemu."""
    if architecture == building.of_this_machine():
        return []
    names = (f"qemu-{architecture.machine}", f"qemu-{architecture.machine}-static")
    found = [path for path in map(shutil.which, names) if path]
    # Where Debian's cross packages put the C library.
    libraries = os.environ.get("QEMU_LD_PREFIX", f"/usr/{architecture.machine}-linux-gnu")
    if not found or not Path(libraries, "lib").is_dir():
        pytest.skip(f"nothing runs programs for {architecture.name} here: qemu-user, libc6-cross")
    return [found[0], "-L", libraries]


@pytest.mark.parametrize("backtrace", ["0", "1", "full"])
def a_panic_without_those_tables_says_why_and_ends_the_process(
    packaged: Architecture, backtrace: str, tmp_path: Path
) -> None:
    runner = _runner(packaged)
    program = tmp_path / "bootstrap"
    program.write_bytes(dict(_programs(packaged))["control"])
    program.chmod(0o755)

    def few_files() -> None:
        # Enough to load the C library, too few for the runtime, which panics.
        resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    answer = subprocess.run(
        [*runner, program],
        env={"RUST_BACKTRACE": backtrace},
        preexec_fn=few_files,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == -signal.SIGABRT
    assert re.search("panicked at .*\n.*Too many open files", answer.stderr), answer.stderr


def a_program_that_is_told_no_step_says_so(packaged: Architecture, tmp_path: Path) -> None:
    runner = _runner(packaged)
    for name, content in _programs(packaged):
        if name not in building.LAMBDAS:
            continue
        program = tmp_path / name
        program.write_bytes(content)
        program.chmod(0o755)
        command = [*runner, str(program)]
        answer = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
        assert answer.returncode == 1, name
        assert "_HANDLER" in answer.stdout + answer.stderr, name


def no_artifact_grows_by_nobodys_oversight(packaged: Architecture) -> None:
    for path in sorted((FOLDER / packaged.name).glob("*.zip")):
        assert path.stat().st_size < ZIP_MAX_BYTES[path.stem], path.name


def _has_a_parser_of_sql(program: bytes) -> bool:
    """Where the place of a crate's panic stands, its code was linked."""
    return b"crates/sqlparser-" in program


def what_acts_has_no_parser_of_anybodys_sql() -> None:
    """Of the zips that `make lambdas` made; the other two show that it would be seen."""
    programs = {name: LAMBDA_ZIPS / name / "bootstrap" for name in building.LAMBDAS}
    if not all(program.exists() for program in programs.values()):
        pytest.skip("there are no release builds: run make lambdas")
    found = {name for name, path in programs.items() if _has_a_parser_of_sql(path.read_bytes())}
    assert found == {"plan", "verify"}


def nor_has_it_one_as_packaged(packaged: Architecture) -> None:
    programs = {n: p for n, p in _programs(packaged) if n in building.LAMBDAS}
    found = {name for name, program in programs.items() if _has_a_parser_of_sql(program)}
    assert found == programs.keys() - {"control"}


def the_checksums_are_true_and_complete() -> None:
    sums = FOLDER / "SHA256SUMS"
    if not sums.exists():
        pytest.skip("nothing was packaged: run make package")
    listed = dict(reversed(line.split("  ", 1)) for line in sums.read_text().splitlines())
    there = [path for path in FOLDER.rglob("*") if path.is_file() and path != sums]
    assert set(listed) == {str(path.relative_to(FOLDER)) for path in there}
    for path in there:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert listed[str(path.relative_to(FOLDER))] == digest, path.name


def the_bill_of_materials_names_what_the_lock_file_pins(packaged: Architecture) -> None:
    documents = sorted(FOLDER.glob(f"*-{packaged.name}.cdx.json"))
    if not documents:
        pytest.skip("no bill of materials was packaged")
    lock = (ROOT / "Cargo.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r'name = "(.+?)"\nversion = "(.+?)"', lock))
    for path in documents:
        document = json.loads(path.read_text(encoding="utf-8"))
        assert document["bomFormat"] == "CycloneDX"
        named = {(one["name"], one["version"]) for one in document["components"]}
        assert named <= locked, f"{path.name}: {sorted(named - locked)[:5]}"
        assert len(named) > 50
        # The line of trust of decision 0001, on what is shipped.
        forbidden = "aws-sdk-rds" if path.name.startswith("verify") else "tokio-postgres"
        assert forbidden not in {name for name, _ in named}
        assert str(ROOT) not in path.read_text(encoding="utf-8")
