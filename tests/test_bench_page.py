"""Promise: the page of the bench says what was measured: no more, nothing rounded to the better, no limit hidden."""

import time
from pathlib import Path
from typing import Any

import pytest

from picograph.bench import figures, page
from picograph.bench.timing import limited, percentile


def _took(seconds: float, rows: int | None) -> dict[str, Any]:
    return {"seconds": [seconds], "rows": rows}


FOUND: dict[str, Any] = {
    "machine": {"processor": "one", "Python": "3"},
    "questions": {
        "engine": {
            "studies --study X": {"100": {"seconds": [0.01, 0.02, 0.03], "rows": 1}, "1000": {"seconds": [0.2]}},
            "event-totals": {"100": {"seconds": [0.5], "rows": 9}, "1000": None},
        },
        "process": {"event-totals": {"100": [0.9, 1.2]}},
    },
    "cold": {"100 event-totals": {"warm": 0.9, "cold": 2.5}},
    "engines": {
        "studies": 80,
        "quads": 1234,
        "questions": {
            "studies --condition Liver Neoplasms": {
                "Oxigraph": {"seconds": [0.01], "rows": 1},
                "rdflib": None,
                "owlready2": {"seconds": [0.05], "rows": 2},
                "Virtuoso": {"seconds": [0.002], "rows": 1},
            },
            "studies-by-branch": {
                "Oxigraph": {"seconds": [0.2], "rows": 1},
                "DuckDB over Parquet": {"seconds": [0.1], "rows": 1},
                "rdflib": {"seconds": [7], "rows": 1},
            },
            "mesh-headings --study X": {way: {"seconds": [0.1], "rows": 1} for way in ("Oxigraph", "rdflib")},
        },
    },
    "hierarchies": {
        "quads": {"1000": 1050},
        "clock": {"1000": "process_time"},
        "questions": {
            key: {"1000": {"embedded": _took(*here), "rdflib": _took(*there)}}
            for key, here, there in (
                ("studies --drug X", (0.01, 2), (1.5, 2)),
                ("studies --drug Y", (0.02, 2), (1, 2)),
                ("gaps --drug X", (0.01, 2), (3, None)),
                ("gaps --drug Y", (0.01, 2), (9, 3)),
                ("gaps --drug Z", (20, None), (9, 3)),
            )
        },
    },
    "virtuoso": {
        "event-totals": {"1000": {"Virtuoso": None, "embedded": {"seconds": [0.4], "rows": 9}}},
        "studies --study X": {"1000": {"Virtuoso": {"seconds": [0.003]}, "embedded": {"seconds": [0.012]}}},
    },
    "load": {"sizes": {"watched": {"seconds": 12.3, "others": 0.41, "load": 1.5, "day": "2026-11-26"}}},
}  # fmt: skip


def test_the_page_tells_medians_limits_and_what_is_over(tmp_path: Path) -> None:
    page.write(FOUND, tmp_path)
    text = (tmp_path / "bench.md").read_text("utf-8")
    assert "| `studies --study X` | 20.0 ms / 30.0 ms |  | 200.0 ms / 200.0 ms |  | 1.00 |" in text
    assert "| `event-totals` | 500.0 ms / 500.0 ms | 1050.0 ms / 1200.0 ms | over |  |  |" in text
    assert "- Over 1 s at 1e+03: `event-totals`." in text
    assert "on 2 askings of the hierarchy: median 1,035, least 70, greatest 2,000; 1 of them were ended at 20 s" in text
    assert "less than 100: studies-by-branch (70).\n" in text  # a look-up of one study is none
    slower = "`studies --condition Liver Neoplasms` (5.0)"
    assert f"- More than 3 times Virtuoso's time, the better of the two ways: {slower}." in text
    assert "50.0 ms, 2 rows, not 1" in text
    assert "95th percentile more than 10 s; 1 over 1 s: `event-totals`." in text
    assert "- More than 3 times Virtuoso's time: studies --study X (12.0 ms, 4.0 times)." in text
    assert "- `sizes`, 2026-11-26: 12 s, in which other programs took 0.41 cores; the system's load" in text
    assert "| owlready2 | 1 | 0 | 1 |" in text  # other rows: no ratio is made of them
    assert "| Virtuoso | 1 | 0 | 0 | 0.2 | 0.2 | 0.2 |" in text
    assert (
        "- 1,050 quads, processor time of all threads, 1e+03 triples: rdflib takes at least 100 times the embedded"
        " store's time in 2 of 5 questions about a class; median 150, least 50; 1 were ended, which counts as their"
        " limit; less than 100: studies --drug Y (50).\n"
    ) in text
    assert "| `gaps --drug X` | 10.0 ms | >3000.0 ms | >300 |\n" in text
    assert "| `gaps --drug Y` | 10.0 ms | *9000.0 ms | *900 |\n" in text  # other rows, or none: no ratio counts
    assert "<svg" in (tmp_path / "bench.svg").read_text("utf-8")


def test_parts_are_kept_beside_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(figures.KEPT, str(tmp_path / "kept.json"))
    figures.keep("questions", {"engine": {"studies": {100: {"seconds": [1.0], "rows": 1}}}})
    figures.keep("questions", {"engine": {"studies": {1000: {"seconds": [2.0], "rows": 1}}}})
    figures.keep("questions", {"engine": {"studies": {1000: None}}})
    kept = figures.read(tmp_path / "kept.json")["questions"]["engine"]["studies"]
    assert kept == {"100": {"seconds": [1.0], "rows": 1}, "1000": None}


def test_work_ends_at_its_limit() -> None:
    start = time.perf_counter()
    assert limited(0.2, lambda: time.sleep(60)) is None
    assert time.perf_counter() - start < 30
    assert limited(30, lambda: [1, "two"]) == [1, "two"]
    assert limited(30, lambda: 1 / 0) is None
    assert percentile([float(each) for each in range(1, 41)]) == 38
