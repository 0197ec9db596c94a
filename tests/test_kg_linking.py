"""Promise: words are linked to the concepts that they name, with their places, and never to one that they do not."""

import pytest

from picograph.kg.linking import Linker, open_linker
from picograph.kg.linking.abbreviations import definitions
from picograph.kg.linking.labels import meaning_of
from picograph.kg.linking.lexicon import Lexicon
from picograph.kg.linking.spelling import fits_case, fold, form_of
from picograph.ontology.concepts import Concept


@pytest.fixture(scope="module")
def linker() -> Linker:
    return open_linker()


def _disease(curie: str, label: str, *synonyms: str) -> Concept:
    return Concept(curie=curie, label=label, vocabulary="doid", synonyms=synonyms)


def _drug(curie: str, label: str, *synonyms: str) -> Concept:
    return Concept(curie=curie, label=label, vocabulary="drugbank", synonyms=synonyms)


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("tumour", "Tumors"),
        ("chemoembolisation", "chemoembolization"),
        ("anaemias", "anemia"),
        ("diarrhoea", "Diarrhea"),
        ("metastases", "metastasis"),
        ("biopsies", "biopsy"),
        ("leucopenia", "leukopenia"),
        ("oedema", "edema"),
        ("Crohn's", "Crohn"),
    ],
)
def test_spellings_of_one_word_are_one(written: str, same: str) -> None:
    assert fold(written) == fold(same)


@pytest.mark.parametrize(("one", "other"), [("dose", "dosis"), ("diseases", "diseasis"), ("hepatitis", "hepatiti")])
def test_words_that_differ_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_places_are_those_of_the_text() -> None:
    text = "Naïve  portal-vein tumours (β-cell), n=4"
    found = form_of(text)
    assert [text[start:end] for start, end in found.places] == [
        "Naïve", "portal", "vein", "tumours", "β", "cell", "n", "4",
    ]  # fmt: skip
    assert [found.form[a:b] for a, b in zip(found.starts, found.ends, strict=True)] == [
        "naive", "portal", "vein", "tumor", "beta", "cell", "n", "4",
    ]  # fmt: skip


def test_initials_are_no_word_and_a_word_is_no_initials() -> None:
    assert not fits_case("ALL", "all")
    assert not fits_case("WAS", "was")
    assert not fits_case("Cat", "CAT")
    assert fits_case("TACE", "TACE")
    assert fits_case("HER2", "Her-2")


def test_an_abbreviation_is_found_in_both_orders_with_its_places() -> None:
    text = "Men with portal vein tumour thrombosis [PVTT] and TTP (time to progression) had 5 cycles (n = 40)."
    found = definitions(text)
    assert [(each.short, each.long) for each in found] == [
        ("PVTT", "portal vein tumour thrombosis"),
        ("TTP", "time to progression"),
    ]
    for each in found:
        assert text[slice(*each.short_place)] == each.short
        assert text[slice(*each.long_place)] == each.long


def test_the_longest_name_wins_and_hides_what_is_in_it(linker: Linker) -> None:
    text = "Advanced hepatocellular carcinoma; liver neoplasms."
    assert [(link.words, link.concept) for link in linker.links(text)] == [
        ("hepatocellular carcinoma", ("mesh:D006528",)),
        ("liver neoplasms", ("mesh:D008113",)),
    ]


def test_a_name_does_not_run_over_a_full_stop(linker: Linker) -> None:
    assert [link.words for link in linker.links("It was in the liver. Neoplasms were rare.")] == ["liver", "Neoplasms"]


def test_a_defined_abbreviation_means_its_long_form_everywhere(linker: Linker) -> None:
    text = "HCC recurs. Hepatocellular carcinoma (HCC) was treated; HCCs shrank."
    links = linker.links(text, ["disease"])
    assert [(link.words, link.concept[0]) for link in links] == [
        ("HCC", "mesh:D006528"),
        ("Hepatocellular carcinoma", "mesh:D006528"),
        ("HCC", "mesh:D006528"),
        ("HCC", "mesh:D006528"),
    ]
    assert "stands for Hepatocellular carcinoma" in links[0].reason


def test_initials_that_the_text_explains_otherwise_are_not_a_name() -> None:
    linker = Linker(Lexicon.build([_disease("DOID:1", "made-up wasting disease", "CARD")]))
    assert [link.words for link in linker.links("They had CARD.")] == ["CARD"]
    assert linker.links("A course on asthma by radio daily (CARD) was given; CARD helped.") == []


def test_short_initials_that_nobody_explains_are_not_linked() -> None:
    linker = Linker(Lexicon.build([_disease("DOID:1", "acute made-up leukaemia", "ALL")]))
    assert linker.links("ALL patients recovered, and all went home; ALL.") == []


def test_even_readings_are_kept_and_none_is_taken() -> None:
    linker = Linker(
        Lexicon.build(
            [_disease("DOID:1", "first fever", "marsh fever"), _disease("DOID:2", "second fever", "marsh fever")]
        )
    )
    [link] = linker.links("They had marsh fever.")
    assert link.concept == ()
    assert link.ambiguous
    assert {each.concept for each in link.turned_down} == {"DOID:1", "DOID:2"}
    assert "not decided" in link.reason


def test_a_preferred_name_comes_before_a_synonym_and_says_so() -> None:
    linker = Linker(
        Lexicon.build([_disease("DOID:1", "first fever", "marsh fever"), _disease("DOID:2", "marsh fever")])
    )
    [link] = linker.links("They had Marsh Fever.")
    assert link.concept == ("DOID:2",)
    assert [(each.concept, each.reason) for each in link.turned_down] == [
        ("DOID:1", "a synonym here, the preferred name of DOID:2")
    ]


def test_a_reading_of_another_kind_is_turned_down_with_its_kind() -> None:
    linker = Linker(Lexicon.build([_disease("DOID:1", "cold"), _drug("drugbank:DB1", "Cold")]))
    choice = linker.choose("cold", ["disease"])
    assert choice.concept == ("DOID:1",)
    assert [(each.concept, each.reason) for each in choice.turned_down] == [
        ("drugbank:DB1", "is a substance, and a disease stands here")
    ]


def test_concepts_that_mappings_join_are_one_reading() -> None:
    concepts = [_disease("DOID:1", "marsh fever"), Concept(curie="HP:1", label="marsh fever", vocabulary="hp")]
    apart = Linker(Lexicon.build(concepts)).choose("marsh fever")
    joined = Linker(Lexicon.build(concepts, {"DOID:1": "x", "HP:1": "x"})).choose("marsh fever")
    assert apart.concept == ("DOID:1", "HP:1")
    assert joined.concept == ("DOID:1",)
    assert "the same as HP:1" in joined.reason


def test_a_lexicon_in_a_folder_is_the_one_in_memory(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from picograph.ontology.concepts import concepts

    memory = Lexicon.build(concepts())
    kept = Lexicon.build(concepts(), folder=tmp_path / "lexicon")
    names = [key for each in concepts() for name in (each.label, *each.synonyms) if (key := form_of(name).form)]
    assert len(names) > 1_000
    assert [memory.readings(name) for name in names] == [kept.readings(name) for name in names]
    assert len(memory) == len(kept)


def test_every_name_that_ships_is_found_again() -> None:
    from picograph.kg.linking.spelling import key_of
    from picograph.ontology.concepts import concepts

    lexicon = Lexicon.build(concepts())
    seen = 0
    for each in concepts():
        for name in (each.label, *each.synonyms):
            if len(name) <= 150 and (key := key_of(name)):
                assert each.curie in {reading.curie for reading in lexicon.readings(key)}, name
                seen += 1
    assert seen > 1_500


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("overall survival", ("pg:OverallSurvival",)),
        ("Median overall survival", ("pg:OverallSurvival",)),
        ("local progression-free survival", ()),
        ("event-free overall survival", ()),
    ],
)
def test_a_word_before_an_outcome_makes_another_outcome_of_it(
    linker: Linker, label: str, found: tuple[str, ...]
) -> None:
    concepts = meaning_of(linker, label, ("outcome",)).concept
    assert tuple(each for each in concepts if each.startswith("pg:")) == found
