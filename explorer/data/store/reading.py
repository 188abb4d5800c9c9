"""Reading a source into a stored data set: in order, resumable, and never stopped by a bad file."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from explorer.data.folder import SIDE
from explorer.data.sources import Entry, Source
from explorer.data.store.about import Findings
from explorer.data.store.items import Item
from explorer.data.store.looks import doubles, look_of
from explorer.data.store.stored import Stored, own_label
from models.errors import InputError
from models.picture_files import NAMED
from models.pictures import encode_webp, open_picture

READERS = 2  # threads: decoding a picture leaves Python's lock to the others
STEP = 32  # pictures between two looks at whether it is stopped
KEPT = 512  # pictures, or
KEPT_SECONDS = 5.0  # after which they are written down

Report = Callable[[int, int, int], None]
"""Called as reading goes on: pictures read, files looked at, those of runs before included, and all files."""


@dataclass
class _Run:
    """What one run has found so far."""

    waiting: list[Item] = field(default_factory=list)  # to be written down
    kept: float = field(default_factory=time.monotonic)  # when that was done last
    read: int = 0  # items of the data set, those that wait included
    failed: int = 0
    named: list[str] = field(default_factory=list)


def read_in(stored: Stored, source: Source, report: Report, is_stopped: Callable[[], bool]) -> bool:
    """Add what the source has and the data set does not; whether that came to its end, with its findings.

    What has been read is kept even when it is cut short. Whoever calls holds `writing`. Raises InputError for
    a source without a picture that can be read, or with other labels than when it began, and StoreError.
    """
    if [*map(own_label, source.labels)] != stored.about.labels:
        changed = f"The labels of {stored.about.title} have changed since its import began"
        raise InputError(f"{changed}: delete it, and import it again")
    known = set(stored.items.column("where"))
    run, entries = _Run(read=len(known)), _unknown(source, known)
    report(run.read, run.read, len(source))
    try:
        with ThreadPoolExecutor(READERS, "read") as readers:
            for batch in _batched(entries, STEP):
                if is_stopped():
                    return False
                for entry, answer in zip(batch, readers.map(lambda e: _read(source, e), batch), strict=True):
                    _take(run, entry, answer)
                if len(run.waiting) >= KEPT or time.monotonic() - run.kept > KEPT_SECONDS:
                    _keep(run, stored)
                report(run.read, run.read + run.failed, len(source))
    finally:
        _keep(run, stored)
    _conclude(run, stored, source)
    return True


def _unknown(source: Source, known: set[str]) -> Iterator[Entry]:
    for entry in source.entries():
        if entry.where not in known:
            known.add(entry.where)  # an archive may hold two of one name
            yield entry


def _read(source: Source, entry: Entry) -> Item | InputError:
    """An item, or why it is none."""
    try:
        file = source.read(entry.where)
        picture = open_picture(file, SIDE)
    except InputError as error:
        return error
    labels = [entry.labels.get(name) for name in source.labels]
    digest, thumbnail = hashlib.sha256(file).hexdigest(), encode_webp(picture.pixels)
    return Item(entry.where, digest, look_of(picture.pixels), picture.notes, thumbnail, labels)


def _take(run: _Run, entry: Entry, answer: Item | InputError) -> None:
    if isinstance(answer, InputError):
        run.failed += 1
        if len(run.named) < NAMED:
            run.named.append(f"{entry.where}: {answer}")
    else:
        run.read += 1
        run.waiting.append(answer)


def _keep(run: _Run, stored: Stored) -> None:
    waiting, run.waiting = run.waiting, []
    if waiting:
        stored.items.append(waiting)
    run.kept = time.monotonic()


def _conclude(run: _Run, stored: Stored, source: Source) -> None:
    names = stored.items.column("where")
    if not names:
        reason = f": {run.named[0]}" if run.named else ""
        raise InputError(f"There is no picture that can be read in {stored.about.title}{reason}")
    stored.items.tidy()
    alike = doubles(stored.items.column("look"))
    pairs = [f"{names[row]} looks as {names[first]}" for row, first in islice(alike.items(), NAMED)]
    notes = Counter(note for text in stored.items.column("notes") for note in json.loads(text))
    findings = Findings(
        unreadable=run.failed,
        unreadable_named=run.named,
        doubled=len(alike),
        doubled_named=pairs,
        passed_over=dict(source.passed_over),
        empty=source.empty,
        noted=dict(notes),
    )
    stored.about = stored.about.model_copy(update={"whole": True, "findings": findings})
    stored.about.write(stored.folder)


def _batched(entries: Iterable[Entry], size: int) -> Iterator[list[Entry]]:
    rest = iter(entries)
    while batch := [*islice(rest, size)]:
        yield batch
