"""Promise: a link that a person stated is kept, and told where its words name another thing; kin is never told."""

from pathlib import Path

from picograph.kg.linking.doubts import doubts
from picograph.kg.load import Input, example, load
from picograph.kg.store import open_store
from picograph.kg.store.records import records
from picograph.queries import integrity

RECORD = (Path(__file__).parent / "records" / "worked-two-arms.yaml").read_text("utf-8")


def cautions(record: str) -> list[str]:
    with open_store(":memory:") as store:
        [loaded] = load(store, [Input("made-up.yaml", record.encode())])
        assert loaded.error is None, loaded.error
        found = [each.what for each in integrity.records(store, with_shapes=False) if "one of the two" in each.what]
        assert [each for each in loaded.cautions if "one of the two" in each] or not found
        # the link that was stated stays
        [study] = records(store, "NCT00000001")
        assert [doubt.what for doubt in doubts(study)] == [each.rpartition(" (")[0] for each in found]
        return found


def test_nothing_is_told_where_words_and_link_agree() -> None:
    assert "one of the two" not in "".join(cautions(RECORD))
    with open_store(":memory:") as store:
        [loaded] = load(store, [example()])
        assert not [each for each in loaded.cautions if "one of the two" in each]


def test_a_link_to_something_else_is_told() -> None:
    wrong = RECORD.replace("label: sorafenib, concept: mesh:D000077157", "label: sorafenib, concept: mesh:C531958")
    assert wrong != RECORD
    [told] = cautions(wrong)
    assert told.startswith("'sorafenib' is linked to mesh:C531958 (lenvatinib), and its words name mesh:D000077157")
    assert "interventions[0]" in told


def test_kin_agrees() -> None:
    # a class above the words, the same drug under another vocabulary's identifier
    for concept in ("mesh:D047428", "CHEBI:50924", "mesh:D010671"):
        assert not cautions(
            RECORD.replace("label: sorafenib, concept: mesh:D000077157", f"label: sorafenib, concept: {concept}")
        )
