"""A zeroed page in a kept data set, put back whatever happens to the run."""

from __future__ import annotations

import os
from pathlib import Path

BLOCK = 8192
NOTE = "zeroed-page"


def zero_page(home: Path, file: Path, page: int) -> None:
    """Zero a page of a stopped cluster's file, after noting what it was."""
    with open(file, "r+b") as heap:
        kept = os.pread(heap.fileno(), BLOCK, page * BLOCK)
        (home / NOTE).write_bytes(f"{file}\n{page * BLOCK}\n".encode() + kept)
        os.pwrite(heap.fileno(), bytes(BLOCK), page * BLOCK)


def put_page_back(home: Path) -> None:
    """Undo the damage of this run or one that was ended, if there is any."""
    note = home / NOTE
    if not note.exists():
        return
    file, offset, page = note.read_bytes().split(b"\n", 2)
    with open(Path(file.decode()), "r+b") as heap:
        os.pwrite(heap.fileno(), page, int(offset))
        os.fsync(heap.fileno())
    note.unlink()
