"""Where the pictures of an import come from: a folder, a ZIP archive, or a table."""

from explorer.data.sources.base import MAX_FILE, Entry, Source, SourceError
from explorer.data.sources.folder import Folder
from explorer.data.sources.opening import open_source

__all__ = ["MAX_FILE", "Entry", "Folder", "Source", "SourceError", "open_source"]
