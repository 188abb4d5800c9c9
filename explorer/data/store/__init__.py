"""Data sets that people brought: on disk, read in from their sources, there again after a restart."""

from explorer.data.store.about import About, Findings
from explorer.data.store.imports import Imports, Progress
from explorer.data.store.lance import StoreError
from explorer.data.store.latents import KeptLatents
from explorer.data.store.store import Store
from explorer.data.store.stored import Stored

__all__ = [
    "About",
    "Findings",
    "Imports",
    "KeptLatents",
    "Progress",
    "Store",
    "StoreError",
    "Stored",
]
