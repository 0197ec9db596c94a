"""Promise: a retracted report is marked in every answer that uses it, in every format, and nothing else is marked."""

from pathlib import Path

import pytest

from picograph.kg.load import Input, load
from picograph.kg.store import Store, open_store
from picograph.queries import catalog
from picograph.queries.ask import ask
from picograph.tests.acceptance.program import KEY, STUDY_FILE, WORKED, Program

# PubMed's record of the seed's report, as it would be if that were retracted: made up.
NOTICE = f"""<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>77</PMID><Article>
<ArticleTitle>A made-up title.</ArticleTitle><ELocationID EIdType="doi">{KEY[4:].upper()}</ELocationID>
<PublicationTypeList><PublicationType UI="D016441">Retracted Publication</PublicationType></PublicationTypeList>
</Article>
<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J Made Up. 2020;1(1):1</RefSource>
<PMID>78</PMID></CommentsCorrections></CommentsCorrectionsList></MedlineCitation></PubmedArticle></PubmedArticleSet>"""
# A registry's record of the same trial: its numbers are its own.
REGISTERED = """{"protocolSection": {"identificationModule": {"nctId": "NCT00000003", "briefTitle": "Made up"},
  "designModule": {"enrollmentInfo": {"count": 41, "type": "ACTUAL"}}}}"""
NAME = "J Made Up. 2020;1(1):1, PMID 78"


@pytest.fixture(scope="module")
def folder(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The curated seed study, a record that says its report is retracted, and a study of its own."""
    made = tmp_path_factory.mktemp("retracted")
    (made / "notice.xml").write_text(NOTICE)
    loaded = program("load", STUDY_FILE, WORKED, made / "notice.xml", store=made / "store")
    assert loaded.code == 0, loaded.err
    return made / "store"


@pytest.fixture(scope="module")
def store(folder: Path) -> Store:
    return open_store(folder)


@pytest.mark.parametrize("name", catalog.names())
def test_every_question_marks_the_rows_that_use_it(store: Store, name: str) -> None:
    answer = ask(store, name)
    marked = [row for row in answer if row["retracted"]]
    seed = [row for row in answer if KEY.partition("/")[2] in str(row)]
    assert marked == seed
    # each row of these is of both studies
    alone = name in ("similar-studies", "studies-by-branch") or not any("NCT00000001" in str(row) for row in answer)
    assert len(marked) < len(answer) or alone
    assert {document.lower() for row in marked for document in row["retracted"]} <= {KEY}  # type: ignore[union-attr]
    said = [each for each in answer.cautions if "retracted" in each]
    assert len(said) == bool(marked)
    assert all(each.startswith(f"{len(marked)} of {len(answer)} rows use") and NAME in each for each in said)
    header, *lines = "".join(answer.lines("\t")).splitlines()
    assert header.endswith("\tretracted")
    assert [KEY in line.rpartition("\t")[2].lower() for line in lines] == [bool(row["retracted"]) for row in answer]


def test_most_questions_use_it(store: Store) -> None:
    assert sum(any(row["retracted"] for row in ask(store, name)) for name in catalog.names()) >= 13


def test_nothing_is_marked_where_nothing_is_retracted() -> None:
    store = open_store(":memory:")
    load(store, [STUDY_FILE, WORKED])
    answer = ask(store, "adverse-events")
    assert {row["retracted"] for row in answer} == {None}
    assert not any("retracted" in each for each in answer.cautions)


def test_numbers_of_a_registry_record_of_the_same_trial_are_not_marked() -> None:
    store = open_store(":memory:")
    notice = NOTICE.replace("</Article>", "<DataBankList><DataBank><DataBankName>ClinicalTrials.gov</DataBankName>"
        "<AccessionNumberList><AccessionNumber>NCT00000003</AccessionNumber></AccessionNumberList></DataBank>"
        "</DataBankList></Article>")  # fmt: skip
    load(store, [STUDY_FILE, Input("n", notice.encode()), Input("r", REGISTERED.encode())])
    rows = ask(store, "population", study="NCT00000003").rows
    enrolled = {row["count"]: row["retracted"] for row in rows if row["property"] == "enrolled"}
    assert enrolled == {40: (KEY,), 41: None}


@pytest.mark.parametrize("form", ["json", "tsv", "csv", "table"])
def test_the_command_line_marks_in_every_format(program: Program, folder: Path, form: str) -> None:
    ran = program("ask", "adverse-events", "--min-grade", "3", "--format", form, store=folder)
    assert ran.code == 0, ran.err
    if form == "json":
        answer = ran.json()
        assert answer["columns"][-1] == "retracted"
        assert {row["event"]: row["retracted"] for row in answer["rows"]}["hepatic toxicity"] == [KEY]
        assert any(NAME in each for each in answer["cautions"])
    elif form == "table":
        assert "retracted" in ran.text
        assert "a retracted report" in " ".join(ran.err.split())
    else:
        rows = ran.rows("\t" if form == "tsv" else ",")
        assert {row["event"]: row["retracted"] for row in rows} == {
            "hepatic toxicity": KEY, "nausea": "", 'Übelkeit "stark"': ""
        }  # fmt: skip


def test_show_and_export_mark_it(program: Program, folder: Path) -> None:
    shown = program("show", KEY, "--format", "table", store=folder)
    assert f"RETRACTED (notice: {NAME})" in " ".join(shown.text.splitlines()[0:2])
    rows = program("show", KEY, "--format", "tsv", store=folder).rows()
    assert {row["retracted"].lower() for row in rows} == {KEY}
    assert {row["retracted"] for row in program("show", "NCT00000001", "--format", "tsv", store=folder).rows()} == {""}
    exported = program("export", "csv", store=folder)
    assert f"retracted: {KEY}" in exported.err.lower()
    marks = {(KEY in row["study"], row["retracted"]) for row in exported.rows(",")}
    assert marks == {(True, "true"), (False, "")}
    turtle = program("export", "turtle", "--study", KEY, store=folder)
    assert "pg:retracted true" in turtle.text
    assert "retracted:" in turtle.err
