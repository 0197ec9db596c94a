"""Promise: a folder of BRAT pairs is scored as a person would score it by hand, however odd its annotations are."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from picograph.corpus import report
from picograph.corpus.brat import Abstract, Span, not_annotated, read_pairs
from picograph.corpus.division import FOLDS, fold, held_back
from picograph.corpus.labels import labels, ours
from picograph.corpus.scoring import Tally, score
from picograph.ontology.errors import InputError

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpora" / "pico-corpus-dev"


def span(label: str, *ends: int) -> Span:
    return Span(label, tuple(zip(ends[::2], ends[1::2], strict=True)))


def one(text: str, *spans: Span) -> Abstract:
    return Abstract("1", text, spans)


def test_figures_worked_out_by_hand() -> None:
    """Of 3 marked per cents 2 are read, one of them with another end; 1 is read twice; 1 is read on the wrong side."""
    ours, theirs = "iv-bin-percent", "cv-bin-percent"
    marked = one(
        "x" * 100,
        span(ours, 0, 3),
        span(ours, 10, 14),
        span(ours, 20, 23),
        span("outcome", 30, 40),
        span("condition", 50, 60),
    )
    read = [span(ours, 0, 3), span(ours, 10, 12), span(ours, 12, 14), span(theirs, 20, 23), span("outcome", 39, 45)]
    found = score([(marked, read)])
    assert found.overlap["iv-bin-percent"] == Tally(3, 3, 2)
    assert found.exact["iv-bin-percent"] == Tally(3, 3, 1)
    assert found.overlap["cv-bin-percent"] == Tally(0, 1, 0)
    assert found.overlap["outcome"] == Tally(1, 1, 1)
    assert found.exact["outcome"] == Tally(1, 1, 0)
    assert found.micro() == Tally(5, 5, 3)
    assert found.micro(exact=True) == Tally(5, 5, 1)
    assert found.micro(reported=True) == Tally(3, 4, 2)
    kinds = {(slip.marked, slip.read) for slip in found.slips}
    assert kinds == {("iv-bin-percent", "cv-bin-percent"), ("condition", None), (None, "iv-bin-percent")}


def test_pairs_are_as_many_as_can_be() -> None:
    """One span read over two marked ones, and one read inside the second: a greedy pairing would find one."""
    marked = one("x" * 30, span("outcome", 0, 5), span("outcome", 6, 12))
    assert score([(marked, [span("outcome", 0, 12), span("outcome", 1, 3)])]).micro() == Tally(2, 2, 2)


def test_nothing_marked_and_nothing_read_is_no_division_by_zero() -> None:
    assert report.micro_line("x", score([(one("text"), [])]).micro()) == "x: precision 0.000 recall 0.000 F1 0.000"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pairs with Windows line ends, a discontinuous span, other lines of BRAT, nonsense, and one text alone."""
    (tmp_path / "1.txt").write_bytes(b"Aim.\r\nOf 40 women\r\n3 (7.5%) died.")
    (tmp_path / "1.ann").write_bytes(
        b"T1\ttotal-participants 9 11\t40\r\nT2\tiv-bin-percent 22 26\t7.5%\r\n#1\tAnnotatorNotes T1\tsure\r\n"
        b"R1\tOf Arg1:T1 Arg2:T2\r\nT3\toutcome 0 3;28 32\tAim died\r\nT4 broken\r\nT5\toutcome 90 95\tnone\r\n"
    )
    (tmp_path / "2.txt").write_bytes("\ufeffAim.\r\nOf 40 women".encode())
    (tmp_path / "2.ann").write_text("T1\ttotal-participants 8 10\t40\n")  # counted in the text, not in the file
    (tmp_path / "3.txt").write_text("Alone.")
    (tmp_path / "4.txt").write_text("Nothing marked.")
    (tmp_path / "4.ann").write_text("")
    return tmp_path


def test_odd_annotations_are_read_or_named(folder: Path) -> None:
    first, second, third = read_pairs(folder)
    assert [each.words(first.text) for each in first.spans] == ["Aim … died", "40", "7.5%"]
    assert first.complaints == (
        "line 6: 'T4 broken' is not an annotation of a span",
        "outcome 88-93 lies outside the text",  # as counted in the text, without the CR of two line ends
    )
    assert [each.words(second.text) for each in second.spans] == ["40"]
    assert third.spans == ()
    assert not_annotated(folder) == ["3"]


@pytest.mark.parametrize("where", ["nowhere", "empty"])
def test_a_folder_without_pairs_is_refused(where: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError):
        list(read_pairs(tmp_path / where))


def run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "picograph.corpus", *words], capture_output=True, text=True, encoding="utf-8", cwd=cwd
    )


def test_the_program_ends_with_the_two_lines(folder: Path) -> None:
    """From a relative path, as `make score CORPUS=DIR` may be given one."""
    done = run("score", folder.name, cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    share = r"(0\.\d{3}|1\.000)"
    *_, every, numbers = done.stdout.splitlines()
    assert re.fullmatch(rf"all labels \(micro\): precision {share} recall {share} F1 {share}", every)
    assert re.fullmatch(rf"reported numbers \(micro\): precision {share} recall {share} F1 {share}", numbers)
    assert "not annotated, so not scored: 1" in done.stderr
    told = json.loads(run("score", str(folder), "--format", "json").stdout)
    assert told["abstracts"] == 3
    assert told["labels"]["total-participants"]["overlap"]["gold"] == 2


def test_the_program_refuses_with_what_and_what_to_try(tmp_path: Path) -> None:
    done = run("score", str(tmp_path / "nowhere"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_table_of_labels_has_every_label_of_the_corpus() -> None:
    marked = {each.label for abstract in read_pairs(CORPUS) for each in abstract.spans}
    assert len(marked) == 26
    assert marked == set(ours())
    assert len(labels()) == len(ours())


def test_the_division_is_by_the_name_alone() -> None:
    names = [path.stem for path in CORPUS.glob("*.txt")]
    back = {name for name in names if held_back(name)}
    assert (len(names), len(back)) == (504, 96)
    assert {fold(name) for name in names if name not in back} == set(range(FOLDS))
