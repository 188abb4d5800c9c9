"""Views: one data set in one model, how it is prepared, and all that can be asked of it."""

from explorer.views.keeping import bring, find_direction, keep
from explorer.views.preparation import NotReadyError, Preparation, Stage
from explorer.views.recipes import (
    MAX_TERMS,
    Mix,
    Recipe,
    Row,
    Sum,
    Weight,
    add_dimension,
    dimensions_of,
    judge,
)
from explorer.views.shared import Shared
from explorer.views.view import View

__all__ = [
    "MAX_TERMS",
    "Mix",
    "NotReadyError",
    "Preparation",
    "Recipe",
    "Row",
    "Shared",
    "Stage",
    "Sum",
    "View",
    "Weight",
    "add_dimension",
    "bring",
    "dimensions_of",
    "find_direction",
    "judge",
    "keep",
]
