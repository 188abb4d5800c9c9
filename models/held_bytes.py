"""How much memory the tensors behind an object take, however deep they are in it."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from types import FunctionType, ModuleType

import torch
from torch import Tensor


def held_bytes(things: Iterable[object]) -> int:
    """Bytes of all tensors that can be reached from these, each storage once; in milliseconds.

    Found as the garbage collector would; not what a CUDA graph keeps for itself.
    """
    sizes: dict[int, int] = {}  # by storage; what oneDNN has packed shows none
    left, seen = list(things), set[int]()
    while left:
        part = left.pop()
        if id(part) in seen or isinstance(part, type | ModuleType):
            continue
        seen.add(id(part))
        if isinstance(part, FunctionType):
            left.append(part.__closure__)  # not its module, through which everything is reached
        elif not isinstance(part, Tensor):
            left += gc.get_referents(part)
        elif part.layout is torch.strided:
            sizes[part.untyped_storage().data_ptr()] = part.untyped_storage().nbytes()
        else:
            sizes[id(part)] = part.nbytes
    return sum(sizes.values())
