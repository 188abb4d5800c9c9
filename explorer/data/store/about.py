"""What is known of a stored data set as a whole, in a file that people can read."""

from __future__ import annotations

import os
import time
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from explorer.data.store.lance import StoreError

FILE = "about.json"


class Findings(BaseModel):
    """What an import did not take as it is: counted, and the first of each kind named."""

    unreadable: int = 0
    unreadable_named: list[str] = []  # with the reason
    doubled: int = 0  # look as an earlier one does; they are taken all the same
    doubled_named: list[str] = []
    passed_over: dict[str, int] = {}  # litter of file managers and the like, by its kind
    empty: list[str] = []  # folders that would be a class, but hold nothing
    noted: dict[str, int] = {}  # what of a picture is shown otherwise than its file has it


class About(BaseModel):
    """A data set on disk: what it is called, whose it is, and where its pictures are."""

    title: str
    owner: str | None  # a person's id, who alone is shown it; None for all people of this app
    source: str  # folder or file, absolute, or in the data set's own folder where a person brought it
    begun: float = Field(default_factory=time.time)  # seconds since 1970
    image: str | None = None  # column of a table with the pictures
    labels: list[str] = []
    whole: bool = False  # whether the import came to its end
    findings: Findings = Findings()

    @classmethod
    def read(cls, folder: Path) -> About:
        """Raises StoreError where the file is missing or damaged."""
        try:
            return cls.model_validate_json((folder / FILE).read_text())
        except (OSError, ValidationError) as error:
            raise StoreError(f"store: {folder.name}/{FILE} is missing or damaged") from error

    def write(self, folder: Path) -> None:
        """All of it or nothing. Raises StoreError, such as for a full disk."""
        temporary = folder / f".{os.getpid()}-{FILE}"
        try:
            temporary.write_text(self.model_dump_json(indent=1))
            temporary.replace(folder / FILE)
        except OSError as error:
            raise StoreError(f"store: {folder.name} cannot be written: {error.strerror}") from error
