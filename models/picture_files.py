"""The picture files of a folder, for whoever shows them and for whoever trains on them."""

from __future__ import annotations

from pathlib import Path

NAMED = 20  # files that are named with the reason why they cannot be read; the others are counted
LITTER = ("Thumbs.db", "desktop.ini", "__MACOSX")  # of file managers and archives, beside hidden files


def candidates(folder: Path) -> list[Path]:
    """All files in a folder and its sub-folders that a person put there, in the order of their names."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not _is_litter(path, folder)]


def skipped(failed: list[str]) -> list[str]:
    """What to say of files that cannot be read, each given with its reason: many are only counted."""
    told = [f"skipped {line}" for line in failed[:NAMED]]
    return [*told, f"skipped {len(failed) - NAMED} more files"] if len(failed) > NAMED else told


def _is_litter(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") or part in LITTER for part in path.relative_to(folder).parts)
