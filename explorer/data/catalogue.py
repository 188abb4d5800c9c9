"""The table of data sets: adding one is a module with a `load()` and a line here."""

DATASETS = {"portraits": "explorer.data.portraits"}
"""Name → module. The first is the one that a bare key, such as 17, belongs to."""

FIRST = next(iter(DATASETS))
SAMPLES, MINE = "samples", "mine"  # what a model's prior gives; what a person brought or made
PICTURES = "pictures"  # in a folder of the person who runs the app
