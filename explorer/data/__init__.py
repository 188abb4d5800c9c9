"""Data sets and their latents: items with labels, latents by model, maps, and what people bring."""

from explorer.data.catalogue import DATASETS, FIRST, MINE, SAMPLES
from explorer.data.collection import Collection
from explorer.data.dataset import Dataset, DatasetError, Shipped
from explorer.data.encoding import agrees, fits, request_latent, value_of
from explorer.data.filling import encode_missing, kept_latents
from explorer.data.keep import Keep
from explorer.data.labels import Label, classes_of, labels_of, numeric_labels
from explorer.data.latent_table import LatentTable
from explorer.data.loading import load_dataset, load_datasets
from explorer.data.own import OwnPoint, OwnPoints
from explorer.data.points import MAX_GROUP, Point, UnknownPointError, one_of
from explorer.data.projection import FEWEST_MAPPED, Arguments, fit
from explorer.data.samples import draw_samples
from explorer.data.store import Findings, Imports, Store, Stored, StoreError
from explorer.data.uploads import Upload, examine

__all__ = [
    "DATASETS",
    "FEWEST_MAPPED",
    "FIRST",
    "MAX_GROUP",
    "MINE",
    "SAMPLES",
    "Arguments",
    "Collection",
    "Dataset",
    "DatasetError",
    "Findings",
    "Imports",
    "Keep",
    "Label",
    "LatentTable",
    "OwnPoint",
    "OwnPoints",
    "Point",
    "Shipped",
    "Store",
    "StoreError",
    "Stored",
    "UnknownPointError",
    "Upload",
    "agrees",
    "classes_of",
    "draw_samples",
    "encode_missing",
    "examine",
    "fit",
    "fits",
    "kept_latents",
    "labels_of",
    "load_dataset",
    "load_datasets",
    "numeric_labels",
    "one_of",
    "request_latent",
    "value_of",
]
