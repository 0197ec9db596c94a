"""Every example in a docstring of the package, and every Python example in the docs, does what it says."""

import doctest
import importlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def modules() -> list[str]:
    """Give every module of the packages that ship, by its name."""
    found = []
    for package in PACKAGES:
        folder = ROOT.joinpath(*package.split(".")[1:])
        found += [f"{package}.{path.stem}" for path in sorted(folder.glob("*.py"))]
    return [name.removesuffix(".__init__") for name in found]


# The package is imported under its own name: pytest's own collection would import it a second time under the name of
# the folder that it stands in, with a second set of classes.
@pytest.mark.parametrize("name", modules())
def test_docstrings(name: str) -> None:
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=FLAGS)
    assert not failed


def test_the_sweep_is_not_empty() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = sum(len(each.examples) for name in modules() for each in finder.find(importlib.import_module(name)))
    assert len(modules()) > 30
    assert examples > 100


PAGES = sorted(page for page in ROOT.glob("docs/**/*.md") if ">>> " in page.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages(page: Path) -> None:
    text = re.sub(r"^```.*$", "", page.read_text("utf-8"), flags=re.MULTILINE)  # a fence ends what is expected
    examples = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    result = doctest.DocTestRunner(optionflags=FLAGS).run(examples)
    assert result.attempted
    assert not result.failed
