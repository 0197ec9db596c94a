"""The lexicon of the vocabularies at hand: of the slices in memory, of vocabularies in full in a folder, made once.

A lexicon of a million names takes half a minute to make, so it is kept in the user's cache folder, under a name made of
the checksums of the vocabularies and of the code that makes it. Beside it lie the indexes of the vocabularies (second
names of the same files), so the folder is all that a process needs to link words, wherever the store goes on to.
"""

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from itertools import chain
from pathlib import Path

from picograph.kg.linking.lexicon import Lexicon
from picograph.kg.linking.linker import Linker
from picograph.kg.store.words import link_indexes
from picograph.ontology import terms
from picograph.ontology.errors import PicographError
from picograph.ontology.senses import EXACT, sense_names
from picograph.ontology.words import SHIPPED, Words

_KEPT = 4  # lexicons; the one that was used the longest ago goes first
_CODE = ("linking/lexicon.py", "linking/lexicons.py", "linking/spelling.py")


def lexicons_folder() -> Path:
    """Give the folder in which lexicons are kept."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("picograph", appauthor=False)) / "lexicons"


def make_ready(words: Words, say: Callable[[str], object] | None = None) -> str:
    """Have a lexicon of the vocabularies at hand; gives its folder, or nothing where the slices that ship are all.

    :param say: told that a lexicon is made, which takes a while
    :raises PicographError: if it cannot be written
    """
    whole = [each for each in words.vocabularies() if each.whole] if words is not SHIPPED else []
    if not whole or words.folder is None:
        return ""
    digest = hashlib.sha256()
    for name in _CODE:
        digest.update(files("picograph.kg").joinpath(name).read_bytes())
    for each in words.vocabularies():
        digest.update(f"{each.name} {each.checksum}\n".encode())
    home = lexicons_folder()
    folder = home / digest.hexdigest()[:32]
    if folder.is_dir():
        os.utime(folder)
        return str(folder)
    if say:
        names = sum(each.counts.get("names", 0) for each in words.vocabularies())
        say(f"{names:,} names of the vocabularies are made ready for linking, once; it may take minutes.")
    try:
        _make(words, home, folder)
    except (OSError, sqlite3.Error) as error:
        raise PicographError(
            f"the names cannot be made ready for linking: {error}",
            where=str(home),
            remedy="see whether the disk is full and the folder yours, or name another with XDG_CACHE_HOME",
        ) from None
    return str(folder)


def _make(words: Words, home: Path, folder: Path) -> None:
    """Make a lexicon beside the others, and give it its name when it is whole."""
    assert words.folder is not None
    home.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix="new-", dir=home))
    try:
        link_indexes(words.folder, new / "words")
        _build(words, new)
        if not folder.is_dir():  # another load may have made it meanwhile
            new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    _sweep(home)


def _build(words: Words, folder: Path | None) -> Lexicon:
    exact = ((row.subject, row.object) for row in words.mappings() if row.predicate == EXACT)
    return Lexicon.build(chain(terms.concepts(), words.concepts()), sense_names(exact), folder)


def _sweep(home: Path) -> None:
    found = sorted((path for path in home.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for path in found[:-_KEPT]:
        shutil.rmtree(path, ignore_errors=True)


@cache
def open_linker(folder: str = "") -> Linker:
    """Give the linker of the vocabularies that ship, or of those whose lexicon is in a folder.

    :param folder: as `make_ready` gives it

    >>> open_linker().choose("hepatic neoplasm", ["disease"]).concept
    ('mesh:D008113',)
    """
    if not folder:
        return Linker(_build(SHIPPED, None))
    return Linker(Lexicon.open(Path(folder)), Words(Path(folder) / "words"))


def fingerprint(folder: str) -> str:
    """Give what tells a lexicon from others; nothing for that of the slices that ship."""
    return Path(folder).name if folder else ""
