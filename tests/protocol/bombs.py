"""Small data that inflates to very much, and the memory that something takes at its peak."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

GIGABYTE = 1024
"""In blocks of `deflated_zeros`."""


def deflated_zeros(blocks: int, *, wbits: int) -> bytes:
    """The beginning of a stream that inflates to `blocks` MiB: after a full flush, blocks may stand one after the other."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, wbits)
    block = bytes(1024 * 1024)
    first = deflater.compress(block) + deflater.flush(zlib.Z_FULL_FLUSH)
    next_one = deflater.compress(block) + deflater.flush(zlib.Z_FULL_FLUSH)
    return first + next_one * (blocks - 1)


@contextmanager
def at_most(megabytes: int) -> Iterator[None]:
    """Fails if what runs inside takes more memory at any time."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < megabytes * 1024 * 1024, f"{peak} bytes"
