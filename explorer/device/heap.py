"""The C library's heap, in a process that makes picture after picture: what one used is kept for the next.

glibc gives the memory of a large tensor back to the system as soon as it is freed, and each page that is then
asked for anew has to be mapped and zeroed. docs/performance.md says what that costs.
"""

from __future__ import annotations

import ctypes
import os

# Of mallopt(3). In a heap that does not belong to the main thread glibc could not keep more than 64 MB.
_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8
_NEVER = 2**31 - 1


def keep_freed() -> None:
    """From now on keep what is freed, in one heap for all threads; without glibc nothing changes."""
    for option, value in ((_M_TRIM_THRESHOLD, _NEVER), (_M_MMAP_MAX, 0), (_M_ARENA_MAX, 1)):
        _call("mallopt", option, value)


def give_back() -> None:
    """Give what is free back to the system; takes some milliseconds, in which no thread can allocate."""
    _call("malloc_trim", 0)


def _call(name: str, *arguments: int) -> None:
    function = getattr(ctypes.CDLL(None), name, None) if os.name == "posix" else None
    if function is not None:
        function(*arguments)
