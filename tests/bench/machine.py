"""What a figure was measured on, and what of a file is in memory."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import platform
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

DROP_CACHES = Path("/proc/sys/vm/drop_caches")
PAGE = mmap.PAGESIZE
# Above this, somebody else is using the processors: the figure says so.
IDLE_MAX = 0.1


def describe(postgres_version: str) -> dict[str, str | int | float]:
    """The machine in a few words: processors, memory, system, PostgreSQL."""
    return {
        "cores": os.cpu_count() or 0,
        "cpu": _of("/proc/cpuinfo", "model name"),
        "virtual": _of("/proc/cpuinfo", "flags").split().count("hypervisor") > 0,
        "memory_gib": round(int(_of("/proc/meminfo", "MemTotal").split()[0]) / 2**20),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "postgresql": postgres_version,
    }


def _of(path: str, name: str) -> str:
    with contextlib.suppress(OSError):
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == name:
                return value.strip()
    return "0 unknown"


def busy_share(seconds: float = 0.3) -> float:
    """Which part of the processors is in use while we do nothing, from 0 to 1."""
    before = _processor_time()
    time.sleep(seconds)
    after = _processor_time()
    total = sum(after) - sum(before)
    idle = sum(after[3:5]) - sum(before[3:5])  # idle, and idle while a disk works
    return 1 - idle / total if total else 0.0


def _processor_time() -> list[int]:
    first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    return [int(ticks) for ticks in first.split()[1:9]]


def way_to_cold() -> str | None:
    """How files are put out of memory here; `None` when they can't be."""
    if os.access(DROP_CACHES, os.W_OK):
        return "drop_caches"
    return "posix_fadvise" if hasattr(os, "posix_fadvise") else None


def put_out_of_memory(files: Iterable[Path]) -> None:
    """Write what is unwritten, then let the kernel forget these files, all files where it may."""
    for path in files:
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)
    if way_to_cold() == "drop_caches":
        subprocess.run(["sync"], check=True)
        DROP_CACHES.write_text("3\n", encoding="ascii")


def bring_into_memory(files: Iterable[Path]) -> None:
    """Read the files, so that the next reader finds them in memory."""
    for path in files:
        with open(path, "rb", buffering=0) as file:
            buffer = bytearray(1 << 20)
            while file.readinto(buffer):
                pass


@contextlib.contextmanager
def kept_in_memory(files: Iterable[Path]) -> Iterator[None]:
    """Read the files and map them until the end: some machines put out what nobody has mapped."""
    with contextlib.ExitStack() as stack:
        for path in files:
            if path.stat().st_size:
                file = stack.enter_context(open(path, "rb"))
                flags = mmap.MAP_SHARED | mmap.MAP_POPULATE
                mapped = mmap.mmap(file.fileno(), 0, flags=flags, prot=mmap.PROT_READ)
                stack.enter_context(mapped)
        yield


def share_in_memory(files: Iterable[Path]) -> float:
    """Which part of the files is in memory, from 0 to 1."""
    pages = present = 0
    for path in files:
        size = path.stat().st_size
        if size:
            found = _resident(path, size)
            pages, present = pages + len(found), present + sum(byte & 1 for byte in found)
    return present / pages if pages else 1.0


def _resident(path: Path, size: int) -> bytes:
    """A byte a page, as mincore(2) gives it."""
    count = -(-size // PAGE)
    answer = (ctypes.c_ubyte * count)()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    with open(path, "rb") as file:
        # Private and writable, as ctypes takes no address of what can't be written; nothing is.
        with mmap.mmap(file.fileno(), size, flags=mmap.MAP_PRIVATE) as mapped:
            view = ctypes.c_ubyte.from_buffer(mapped)
            failed = libc.mincore(ctypes.addressof(view), size, answer)
            del view
    if failed:
        raise OSError(ctypes.get_errno(), f"mincore of {path}")
    return bytes(answer)
