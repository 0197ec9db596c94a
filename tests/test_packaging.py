"""What is installed is the program and all of its data, and it works away from the repository."""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from picograph import __version__

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES = PROJECT["tool"]["setuptools"]["packages"]
NOT_SHIPPED = {"bench", "build", "corpus", "dist", "docs", "tests"}
HELD = {".html", ".json", ".py", ".rq", ".toml", ".tsv", ".ttl", ".yaml"}


def folder(package: str) -> Path:
    return ROOT.joinpath(*package.split(".")[1:])


def shipped() -> Iterator[Path]:
    """Give every file that must be in the wheel: the root package has more beside it, so only its own are taken."""
    for package in PACKAGES:
        if package == "picograph":
            yield from (path for path in ROOT.iterdir() if path.suffix == ".py" or path.name == "py.typed")
        else:
            yield from (path for path in folder(package).rglob("*") if path.is_file() and path.suffix != ".pyc")


def run(command: list[str | Path], cwd: Path) -> str:
    """Run a command with nothing of this environment but the way to the system's programs."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    environment = {**kept, "HOME": str(cwd), "COLUMNS": "80", "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, so that nothing an earlier build left behind gets into it."""
    work = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns(
        ".*", "*.egg-info", "__pycache__", *(NOT_SHIPPED - {"bench", "corpus", "docs", "tests"})
    )
    shutil.copytree(ROOT, work / "tree", ignore=ignored)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(work), str(work / "tree")]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    [built] = work.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def test_nothing_lands_beside_the_package(names: set[str]) -> None:
    assert {name.partition("/")[0] for name in names} == {"picograph", f"picograph-{__version__}.dist-info"}
    inside = {name.split("/")[1] for name in names if name.startswith("picograph/")}
    assert not inside & NOT_SHIPPED


def test_every_file_of_the_package_is_in_the_wheel(names: set[str]) -> None:
    wanted = {f"picograph/{path.relative_to(ROOT).as_posix()}" for path in shipped()}
    assert len(wanted) > 90
    assert {Path(name).suffix for name in wanted} >= HELD
    assert wanted - names == set()
    assert "picograph/py.typed" in names


def test_the_packages_are_the_folders_that_are_packages() -> None:
    found = {"picograph"}
    for init in ROOT.rglob("__init__.py"):
        parts = init.relative_to(ROOT).parts[:-1]
        if parts and parts[0] not in NOT_SHIPPED and not parts[0].startswith("."):
            found.add(".".join(("picograph", *parts)))
    assert set(PACKAGES) == found
    assert len(PACKAGES) == len(set(PACKAGES))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=\[ ;]", name)[0]).lower()


def test_requirements_are_the_imports() -> None:
    """What is imported comes with Python, with picograph or with a requirement; and no requirement goes unused."""
    required = {canonical(each) for each in PROJECT["project"]["dependencies"]}
    extras = {canonical(each) for group in PROJECT["project"]["optional-dependencies"].values() for each in group}
    homes = importlib.metadata.packages_distributions()
    by_way_of = {"lark": "ucumvert"}  # whose grammar raises lark's errors
    seen: dict[str, str] = {}
    for path in shipped():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))) if path.suffix == ".py" else ():
            imported = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                imported = [node.module or ""]
            for name in {each.partition(".")[0] for each in imported} - {"picograph", *sys.stdlib_module_names}:
                seen[name] = str(path.relative_to(ROOT))
    assert len(seen) > 8
    brought = {name: {canonical(each) for each in homes.get(name, [name])} | {by_way_of.get(name, "")} for name in seen}
    assert {f"{name} in {seen[name]}" for name, by in brought.items() if not by & (required | extras)} == set()
    assert {each for each in required if not any(each in by for by in brought.values())} == set()


def test_it_works_in_an_empty_environment_away_from_the_repository(wheel: Path, tmp_path: Path) -> None:
    """Takes the requirements from the package index, as a user's pip does."""
    venv.create(tmp_path / "environment", with_pip=True)
    programs = tmp_path / "environment" / ("Scripts" if os.name == "nt" else "bin")
    pip = [programs / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet", wheel]
    done = subprocess.run(pip, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert run([programs / "picograph", "--version"], elsewhere).strip() == f"picograph {__version__}"
    demo = run([programs / "picograph", "demo"], elsewhere)
    assert "6 of 40" in demo
    assert "$ picograph ask adverse-events" in demo
    assert "Sorafenib" in run([programs / "picograph", "lookup", "sorafenib"], elsewhere)
    where = run([programs / "python", "-c", "import picograph; print(picograph.__file__)"], elsewhere)
    assert Path(where.strip()).is_relative_to(programs.parent)
