"""The pages of the catalogue, from the front matter of its questions, and of the questions that users ask."""

from collections.abc import Iterator
from pathlib import Path

from picograph.queries import catalog
from picograph.queries.question import Question

from .markdown import page, table

_ASKED = Path(__file__).parents[1] / "asked.tsv"


def question_lines(question: Question) -> Iterator[str]:
    """Describe one question of the catalogue."""
    yield from (f"## {question.name}", "", question.summary, "")
    yield from (f"For example: {question.question}", "")
    if question.tags:
        yield from (f"Tags: {', '.join(question.tags)}.", "")
    yield from table(
        ("option", "kind", "what it asks for"),
        (
            (
                f"`--{name.replace('_', '-')}`",
                parameter.kind + (f", {parameter.unit}" if parameter.unit else ""),
                "; ".join(
                    filter(
                        None,
                        (
                            "required" if parameter.required else "",
                            parameter.help or "",
                            f"such as {parameter.example}" if parameter.example is not None else "",
                            f"{parameter.low} to {parameter.high}" if parameter.low is not None else "",
                        ),
                    )
                ),
            )
            for name, parameter in question.parameters.items()
        ),
    )
    yield from table(
        ("column", "kind", "unit"),
        (
            (f"`{name}`", column.kind, column.unit or (f"see `{column.unit_in}`" if column.unit_in else ""))
            for name, column in question.columns.items()
        ),
    )
    for caution in question.caution:
        yield f"- Caution: {caution}"
    if question.caution:
        yield ""


def questions() -> str:
    """Write the page of the catalogue."""
    body = [
        "`picograph ask NAME` asks one of these. A `concept` is a name, a CURIE or an IRI, and means that concept and "
        "all below it; an `outcome`, an `event` and a `property` are the same, or words as a report has them. A "
        "`study` is a key or an IRI, an `arm` STUDY/arm/NAME, a `date` a year, a month or a day. An option that is not "
        "given asks for everything. Columns of kind `evidence` hold the places where the row was read.",
        "",
    ]
    for name in catalog.names():
        body += question_lines(catalog.question(name))
    body += ["# Integrity questions", "", "`picograph validate` asks these: each row is an offender.", ""]
    rows = ((f"`{name}`", catalog.question(name, "quality").summary) for name in catalog.names("quality"))
    body += table(("rule", "what it finds"), rows)
    return page("Questions", "queries/evidence and queries/quality", body)


def asked() -> str:
    """Write the page that leads from the questions that users ask to what answers them."""
    lines = _ASKED.read_text("utf-8").splitlines()
    rows = [dict(zip(lines[0].split("\t"), line.split("\t"), strict=True)) for line in lines[1:]]
    body = [
        "Which command answers which of the questions that users ask, by their numbers. `STUDY` is a key such as "
        "`NCT00105443` or `doi:10.1016/j.ijrobp.2014.01.017`; a value such as `sorafenib` stands for your own. "
        "Integrity questions are asked by `picograph validate`, each by the rule that is named.",
        "",
    ]
    for section in dict.fromkeys(row["section"] for row in rows):
        body += [f"## {section}", ""]
        body += table(
            ("number", "question", "command", "see also" if section != "Integrity" else "rule"),
            (
                (row["number"], row["question"], f"`picograph {row['command']}`", row["see"])
                for row in rows
                if row["section"] == section
            ),
        )
    return page("Questions that users ask", "docs/asked.tsv", body)
