"""Write the pages of `docs/reference` from the code, so that they say what the code does.

python -m docs.generate            write them
python -m docs.generate --check    write nothing; exit code 1 if a page is not what would be written
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .pages.commands import commands
from .pages.ontology import ontology_page
from .pages.questions import asked, questions
from .pages.study_file import study_file_page

FOLDER = Path(__file__).parent / "reference"

PAGES: Mapping[str, Callable[[], str]] = {
    "asked.md": asked,
    "commands.md": commands,
    "ontology.md": ontology_page,
    "questions.md": questions,
    "study-file.md": study_file_page,
}


def stale() -> list[str]:
    """Give the pages that are not what would be written, and those that nothing writes."""
    there = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}
    return sorted({name for name in {*PAGES, *there} if name not in PAGES or there.get(name) != PAGES[name]()})


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or check them."""
    if "--check" in arguments:
        found = stale()
        for name in found:
            print(f"docs/reference/{name} is not what the code says: run make docs", file=sys.stderr)
        return 1 if found else 0
    FOLDER.mkdir(exist_ok=True)
    for name, write in PAGES.items():
        (FOLDER / name).write_text(write(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
