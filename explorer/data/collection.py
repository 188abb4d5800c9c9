"""The data sets of one app: what it began with, and what people have brought since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from explorer.data.catalogue import SAMPLES
from explorer.data.dataset import Dataset
from explorer.data.encoding import fits
from explorer.data.store import Store
from models.base import LatentModel
from models.errors import InputError


class Collection(Mapping[str, Dataset]):
    """Data sets by name, those that people brought last; safe to use from any thread."""

    def __init__(self, fixed: Mapping[str, Dataset], store: Store) -> None:
        """`fixed` stay as long as the app runs, and are all people's."""
        self.fixed, self._store = dict(fixed), store
        store.datasets()  # opened now, and not while somebody waits

    def all(self) -> dict[str, Dataset]:
        """As they are now: another may be brought or deleted at any time."""
        return {**self.fixed, **self._store.datasets()}

    def __getitem__(self, name: str) -> Dataset:
        return self.fixed[name] if name in self.fixed else self._store.datasets()[name]

    def __contains__(self, name: object) -> bool:
        return name in self.fixed or name in self._store.datasets()

    def __iter__(self) -> Iterator[str]:
        return iter(self.all())

    def __len__(self) -> int:
        return len(self.all())

    def shown_to(self, person: str) -> dict[str, Dataset]:
        """What a person is told of: all people's, and their own."""
        return {name: dataset for name, dataset in self.all().items() if dataset.owner in (None, person)}

    def names(self, model: LatentModel | None = None) -> tuple[str, ...]:
        """Of all, or of those that a model can show; the samples of its prior come last."""
        fitting = [name for name, dataset in self.all().items() if model is None or fits(dataset, model)]
        has_samples = model is None or model.space.prior is not None
        return (*fitting, SAMPLES) if has_samples else tuple(fitting)

    def check(self, name: str, model: LatentModel | None = None) -> None:
        """Raises InputError for a name that no data set has, or none that the model can show.

        It names all people's data sets only: whoever guesses must not be told another person's.
        """
        if model is None and name in self.fixed:
            return  # asked for every frame
        names = self.names(model)
        if name not in names:
            of = f" for {model.space.name}" if model else ""
            public = ", ".join(each for each in names if each in self.fixed or each == SAMPLES)
            raise InputError(f"dataset: expected one of {public}{of}, got {name!r}")
