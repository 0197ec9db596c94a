"""A store in a folder as it was at one generation, which another process holds and names."""

from pathlib import Path

from picograph.kg.store.embedded import FolderStore


class PinnedStore(FolderStore):
    """Reads one generation of a folder, whichever is the current one. Nothing is written.

    :param generation: its name; somebody holds it, so that no writer sweeps it away
    """

    def __init__(self, folder: str, generation: str) -> None:
        super().__init__(Path(folder))
        self._name = generation

    def _current(self) -> str | None:
        return self._name
