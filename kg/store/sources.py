"""The texts that places refer to, kept by their checksum on the user's own disk and never in a graph."""

import re
from pathlib import Path

from picograph.kg.source import source_of, source_text
from picograph.ontology.errors import EvidenceError, StoreError

_SHA256 = re.compile(r"[0-9a-f]{64}")


class SourceShelf:
    """Source texts by SHA-256: files in a folder, or in memory.

    >>> shelf = SourceShelf(None)
    >>> sha256 = shelf.put("Forty patients")
    >>> shelf.get(sha256)
    'Forty patients'
    >>> shelf.get("0" * 64) is None
    True
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder  # None: in memory
        self._texts: dict[str, str] = {}

    def get(self, sha256: str) -> str | None:
        """Give the text with this checksum, or None where it is not at hand. A damaged copy is not at hand."""
        return self._texts.get(sha256) or self._kept(sha256)

    def holds(self, sha256: str) -> bool:
        """Say whether the text with this checksum is kept, and whole."""
        return (sha256 in self._texts and self.folder is None) or self._kept(sha256) is not None

    def _kept(self, sha256: str) -> str | None:
        if self.folder is None or not _SHA256.fullmatch(sha256):
            return None
        try:
            text = source_text((self.folder / f"{sha256}.txt").read_bytes())
        except (OSError, EvidenceError):
            return None
        return text if source_of(text).sha256 == sha256 else None

    def offer(self, text: str) -> str:
        """Have a text at hand for as long as this shelf is open, without keeping it. Gives its checksum."""
        sha256 = source_of(text).sha256
        self._texts[sha256] = text
        return sha256

    def put(self, text: str) -> str:
        """Keep a text; gives its checksum.

        :raises StoreError: if it cannot be written
        """
        sha256 = source_of(text).sha256
        if self.folder is not None:
            path = self.folder / f"{sha256}.txt"
            try:
                if not path.exists() or path.read_bytes() != text.encode():  # a damaged copy is made whole
                    self._write(path, text.encode())
            except OSError as error:
                raise StoreError(
                    f"the source text cannot be kept: {error.strerror or error}",
                    where=str(path),
                    remedy="see whether the disk is full and the folder yours",
                ) from None
        else:
            self._texts[sha256] = text
        return sha256

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        import tempfile

        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as partial:
            try:
                partial.write(content)
                partial.close()
                Path(partial.name).replace(path)
            except BaseException:
                Path(partial.name).unlink(missing_ok=True)
                raise
