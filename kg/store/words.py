"""The indexes of full vocabularies beside the quads of a generation: a file each, which nobody ever changes."""

import shutil
from pathlib import Path

from picograph.ontology.words import SUFFIX


def link_indexes(before: Path, folder: Path) -> None:
    """Have the indexes of the generation before in the new one, by a second name of each file."""
    if not before.is_dir():
        return
    folder.mkdir()
    for path in before.glob(f"*{SUFFIX}"):
        try:
            (folder / path.name).hardlink_to(path)
        except OSError:
            shutil.copyfile(path, folder / path.name)
