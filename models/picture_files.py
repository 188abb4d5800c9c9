"""The picture files of a folder, for whoever shows them and for whoever trains on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

NAMED = 20  # files that are named with the reason why they cannot be read; the others are counted
HIDDEN = "hidden file"
LITTER = (".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX", HIDDEN)  # of file managers and archives


def candidates(folder: Path) -> list[Path]:
    """All files in a folder and its sub-folders that a person put there, in the order of their names."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in files if litter(path.relative_to(folder).parts) is None]


def skipped(failed: list[str]) -> list[str]:
    """What to say of files that cannot be read, each given with its reason: many are only counted."""
    told = [f"skipped {line}" for line in failed[:NAMED]]
    return [*told, f"skipped {len(failed) - NAMED} more files"] if len(failed) > NAMED else told


def litter(parts: Sequence[str]) -> str | None:
    """Which of LITTER a file is by the parts of its path; None for one that a person put there."""
    named = next((part for part in parts if part in LITTER and part != HIDDEN), None)
    return named or (HIDDEN if any(part.startswith(".") for part in parts) else None)
