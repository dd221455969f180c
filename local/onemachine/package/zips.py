"""Zips and tar files whose bytes follow from what is in them, and from nothing else."""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# The first moment that a zip can hold.
EPOCH = (1980, 1, 1, 0, 0, 0)
PROGRAM, TEXT = 0o755, 0o644
REGULAR_FILE = 0o100000
# Zopfli's search: more rounds find hardly anything in code.
ZOPFLI_ROUNDS = 5

Deflate = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Member:
    """A file of an archive."""

    content: bytes
    mode: int = TEXT


def stored(content: bytes) -> bytes:
    """No compression at all: deflate's way to say so."""
    return _deflate(content, 0)


def quick(content: bytes) -> bytes:
    """What every zip program does at its best level."""
    return _deflate(content, 9)


def small(content: bytes) -> bytes:
    """Deflate by zopfli: some 4 % smaller, a hundred times as slow, read by everybody."""
    import zopfli.zlib

    # Without zlib's two bytes before and four behind.
    return zopfli.zlib.compress(content, numiterations=ZOPFLI_ROUNDS)[2:-4]


def _deflate(content: bytes, level: int) -> bytes:
    compressor = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    return compressor.compress(content) + compressor.flush()


class _Deflated:
    """Hands `zipfile` what was deflated already; it offers no other way to bring one's own."""

    def __init__(self, deflate: Deflate) -> None:
        self._deflate = deflate
        self._parts: list[bytes] = []

    def compress(self, part: bytes) -> bytes:
        self._parts.append(bytes(part))
        return b""

    def flush(self) -> bytes:
        return self._deflate(b"".join(self._parts))


def zipped(members: Mapping[str, Member], deflate: Deflate = quick) -> bytes:
    """A zip of the members, in the order of their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, member in sorted(members.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            # Unix, or the mode would mean nothing on a machine that isn't.
            entry.create_system = 3
            entry.external_attr = (REGULAR_FILE | member.mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.file_size = len(member.content)
            with archive.open(entry, "w") as file:
                file._compressor = _Deflated(deflate)
                file.write(member.content)
    return buffer.getvalue()


def tarred(folder: str, members: Mapping[str, Member]) -> bytes:
    """A tar file of one folder, owned by nobody, of no time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, member in sorted(members.items()):
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode = len(member.content), member.mode
            archive.addfile(entry, io.BytesIO(member.content))
    return buffer.getvalue()


def gzipped(content: bytes) -> bytes:
    """Compressed by zopfli, which unlike zlib is the same everywhere; of no time, with no name."""
    import zopfli.gzip  # only releases need it

    return zopfli.gzip.compress(content, numiterations=ZOPFLI_ROUNDS)
