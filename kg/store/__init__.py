"""Where the graph lives: an embedded folder, or any SPARQL 1.1 endpoint, behind one interface."""

import hashlib
from pathlib import Path

from picograph.kg.store.base import Store
from picograph.ontology.errors import StoreError

__all__ = ["Store", "default_folder", "open_store"]


def default_folder() -> Path:
    """Give the folder of the store that is used when none is named: in the platform's user-data folder."""
    import platformdirs

    return Path(platformdirs.user_data_dir("picograph", appauthor=False)) / "store"


def open_store(
    location: str | Path | None = None, *, update_endpoint: str | None = None, timeout: float | None = None
) -> Store:
    """Open a store.

    :param location: a folder; the URL of a SPARQL 1.1 query endpoint; ``":memory:"``; None for the default folder
    :param update_endpoint: where a remote server takes updates, if not where its kind of server does
    :param timeout: for which a remote server may keep silent [seconds]; None for a minute
    :raises StoreError: if the folder holds something else, or the address cannot be one of an endpoint

    >>> with open_store(":memory:") as store:
    ...     store.location
    ':memory:'
    """
    where = str(location) if location is not None else str(default_folder())
    if where.startswith(("http://", "https://")):
        from picograph.kg.store.remote import RemoteStore
        from picograph.kg.store.sources import SourceShelf
        from picograph.kg.store.wire import without_user

        # a server keeps graphs only; the texts stay on the user's disk, by checksum
        shelf = SourceShelf(default_folder().parent / "sources")
        name = hashlib.sha256(without_user(where).encode()).hexdigest()[:16]
        words = default_folder().parent / "words" / name
        return RemoteStore(where, update_endpoint=update_endpoint, sources=shelf, words=words, timeout=timeout or 60)
    if "://" in where:
        raise StoreError(
            f"{where.partition('://')[0]!r} is not a kind of store",
            where=where,
            remedy="give a folder, or a URL that begins with http:// or https://",
        )
    if where == ":memory:":
        from picograph.kg.store.memory import MemoryStore

        return MemoryStore()
    from picograph.kg.store.embedded import FolderStore

    return FolderStore(Path(where))
