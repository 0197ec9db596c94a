"""Promise: in each frame zero, not reported, not assessed and ambiguous stay four; units and cautions come along."""

import builtins
import json
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pyarrow.parquet as pq
import pytest

from picograph.kg.load import load
from picograph.kg.store import open_store
from picograph.ontology.errors import UsageError
from picograph.queries import catalog, frames
from picograph.queries.answer import Answer
from picograph.queries.ask import ask
from picograph.queries.question import Question, parse_question
from picograph.tests.test_queries_answers import RECORDS

# event, arm by its last word -> affected, absence, certainty: as the two study files have them
FOUR = {
    ("nausea", "combined"): (0, None, ["stated"]),
    ("nausea", "placebo"): (None, "not reported", ["stated"]),
    ("alopecia", None): (None, "not assessed", ["stated"]),
    ("diarrhea", "radiation-sorafenib"): (None, None, ["ambiguous: grade"]),
}


@pytest.fixture(scope="module")
def answers() -> dict[str, Answer]:
    with open_store(":memory:") as store:
        assert [each.outcome for each in load(store, RECORDS[:3])] == ["added"] * 3
        return {name: ask(store, name) for name in catalog.names()}


def _found(rows: list[dict[str, Any]]) -> dict[Any, Any]:
    found = {}
    for row in rows:
        arm = row["arm"].rpartition("/")[2] if row["arm"] else None
        affected = None if row["affected"] is None else int(row["affected"])
        found[row["event"], arm] = (affected, row["absence"], list(row["certainty"]))
    return {key: value for key, value in found.items() if key in FOUR}


def test_four_things_in_polars_and_arrow(answers: dict[str, Answer]) -> None:
    answer = answers["adverse-events"]
    assert _found(answer.to_arrow().to_pylist()) == FOUR
    assert _found(answer.to_polars().to_dicts()) == FOUR


def test_four_things_in_pandas(answers: dict[str, Answer]) -> None:
    import pandas as pd

    frame = answers["adverse-events"].to_pandas()
    assert str(frame["affected"].dtype) == "Int64"
    rows = [
        {name: value if isinstance(value, list) or not pd.isna(value) else None for name, value in row.items()}
        for row in frame.drop(columns=["evidence", "retracted"]).to_dict("records")
    ]
    assert _found([{**row, "certainty": list(row["certainty"])} for row in rows]) == FOUR
    # nothing became a number, or an empty text, on the way
    assert frame["affected"].sum(skipna=False) is pd.NA


@pytest.mark.parametrize("name", catalog.names())
def test_each_question_in_each_frame(answers: dict[str, Answer], name: str) -> None:
    answer = answers[name]
    table = answer.to_arrow()
    table.validate(full=True)
    assert table.column_names == list(answer.columns)
    assert table.num_rows == len(answer) == len(answer.to_pandas()) == answer.to_polars().height
    back = [
        {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
        for row in table.to_pylist()
    ]
    assert back == answer.rows, "every value, to the last digit"
    for key, column in answer.columns.items():
        told = table.schema.field(key).metadata
        assert told[b"kind"].decode() == column.kind
        assert told.get(b"unit", b"").decode() == (column.unit or "")
    assert json.loads(table.schema.metadata[b"cautions"]) == list(answer.cautions)
    assert answer.to_pandas().attrs["cautions"] == list(answer.cautions)


def _made(rows: list[Any]) -> Answer:
    front = (
        "#+ summary: S?\n#+ question: Q?\n#+ columns:\n#+   n: {kind: integer, unit: <b>}\n#+   d: {kind: decimal}\n"
    )
    question: Question = parse_question("made", front + "#+   t: {kind: text}\n#+ caution: a < b\nSELECT ?n {}")
    return Answer(question, {}, rows)


def test_numbers_that_no_type_holds_stay_as_texts() -> None:
    large = _made([{"n": 2**70, "d": Decimal("1E-50"), "t": None}, {"n": None, "d": Decimal("3"), "t": "x"}]).to_arrow()
    assert large["n"].to_pylist() == [str(2**70), None]
    assert large["d"].to_pylist() == ["0." + "0" * 49 + "1", "3"]
    fits = _made([{"n": 1, "d": Decimal("1E+3"), "t": None}, {"n": None, "d": Decimal("0.25"), "t": None}]).to_arrow()
    assert fits["d"].to_pylist() == [Decimal("1000"), Decimal("0.25")]


def test_an_answer_without_rows_is_a_frame() -> None:
    answer = _made([])
    assert answer.to_arrow().num_rows == 0
    assert list(answer.to_pandas().columns) == answer.to_polars().columns == ["n", "d", "t", "retracted"]
    assert "No rows." in answer._repr_html_()


def test_a_notebook_shows_rows_units_and_cautions_and_no_markup_of_a_record() -> None:
    rows = [{"n": index, "d": None, "t": "<script>alert(1)</script>"} for index in range(60)]
    page = _made(rows)._repr_html_()
    tags: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append(tag)  # type: ignore[method-assign]
    parser.feed(page)
    assert "script" not in tags
    assert tags.count("tr") == 51
    assert "… and 10 more rows" in page
    assert "Caution: a &lt; b" in page
    assert "n [&lt;b&gt;]" in page


def test_parquet_and_markdown_carry_the_cautions(answers: dict[str, Answer]) -> None:
    import pyarrow as pa

    answer = answers["adverse-events"]
    table = pq.read_table(pa.BufferReader(b"".join(frames.parquet(answer))))
    assert _found(table.to_pylist()) == FOUR
    assert json.loads(table.schema.metadata[b"cautions"]) == list(answer.cautions)
    lines = list(frames.markdown_lines(answer))
    assert lines[1].startswith("|---|")
    assert len([line for line in lines if line.startswith("| ")]) == len(answer) + 1
    assert [line.removeprefix("- Caution: ") for line in lines if line.startswith("- ")] == list(answer.cautions)
    assert list(frames.markdown_lines(_made([{"n": 1, "d": None, "t": "a|b"}])))[2] == "| 1 | a\\|b |"


@pytest.mark.parametrize(
    ("package", "call", "extra"),
    [("pandas", "to_pandas", "pandas"), ("polars", "to_polars", "polars"), ("pyarrow", "to_arrow", "tables")],
)
def test_what_is_not_installed_is_named(package: str, call: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == package:
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError) as caught:
        getattr(_made([]), call)()
    assert package in caught.value.what
    assert f"picograph[{extra}]" in caught.value.remedy
