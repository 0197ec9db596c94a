"""All vocabularies at hand, behind one interface: a full one where a user added it, else the slice that ships.

    words = store.words                       # those of a store: kg/store
    words.label("mesh:D006528"), words.path("mesh:D006528")
    words.named("hepatocellular carcinoma")   # every concept with exactly that name
    for concept in words.concepts(): ...      # every concept with its names, a million of them in seconds
    words.mappings("mesh:D000077157")         # what it is joined to, with predicate, justification and source

`SHIPPED` has the slices alone. Searching by what a person types is in ``lookup.py``.
"""

from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from picograph.ontology import concepts as slices
from picograph.ontology.concepts import SLICES, Concept, Mapping, fold, read_slice
from picograph.ontology.errors import UsageError
from picograph.ontology.hierarchy import a_way_up, all_above
from picograph.ontology.prefixes import canonical

if TYPE_CHECKING:
    from picograph.ontology.index import Index, Vocabulary

SUFFIX = ".sqlite"


class Source(Protocol):
    """One vocabulary, as names and places are asked of it."""

    def get(self, curie: str, /) -> Concept | None:
        """Give a concept by its CURIE, in the usual case."""

    def concepts(self) -> Iterator[Concept]:
        """Go through all concepts."""

    def structure(self, leaves: bool) -> Iterator[Concept]:
        """Go through the places of concepts: those of MeSH's supplementary concepts, leaves all, or the others."""

    def with_code(self, code: str) -> list[Concept]:
        """Give the concepts with a code: their own identifier without its prefix, or a registry's number."""

    def at_tree(self, number: str) -> list[Concept]:
        """Give the concepts at a tree number of MeSH."""

    def named(self, folded: str) -> list[Concept]:
        """Give the concepts with exactly this name, in the spelling of `picograph.ontology.concepts.fold`."""

    def beginning(self, folded: str) -> list[Concept]:
        """Give concepts with a name that begins with a text or has a word that does: candidates, to be compared."""

    def alike(self, folded: str) -> list[Concept]:
        """Give concepts with a name that may be meant by one with typing errors: candidates, to be compared."""

    def kind(self, curie: str) -> str:
        """Say what a concept is, in words of its vocabulary; empty where it does not say it."""

    def allowed_qualifiers(self, descriptor: str) -> frozenset[str] | None:
        """Give the codes of the qualifiers that a MeSH descriptor allows, by their codes; None: not known."""


class Slice:
    """The part of a vocabulary that ships. A line is split when it is asked for, so that a look-up costs little."""

    def __init__(self, vocabulary: str) -> None:
        self._vocabulary = vocabulary
        self._files = tuple(name for name, each in SLICES.items() if each == vocabulary)

    def get(self, curie: str, /) -> Concept | None:
        return slices.shipped(curie)

    def concepts(self) -> Iterator[Concept]:
        return slices.concepts(self._vocabulary)

    def structure(self, leaves: bool) -> Iterator[Concept]:
        return (each for each in self.concepts() if each.curie.startswith("mesh:C") == leaves)

    def _having(self, words: str, folded: bool = False) -> Iterator[Concept]:
        """The concepts with these very characters somewhere in their line."""
        for name in self._files:
            text = _folded(name) if folded else read_slice(name)
            number, at = 0, 0
            while (found := text.find(words, at)) >= 0:
                # Folding cases keeps line breaks, so the lines of both texts go together.
                number += text.count("\n", at, found)
                at = text.find("\n", found)
                if number:  # the first line names the columns
                    yield slices.parse_line(name, _lines(name)[number])
                if at < 0:
                    break

    def with_code(self, code: str) -> list[Concept]:
        return [each for each in self._having(f":{code}") if each.curie.partition(":")[2] == code]

    def at_tree(self, number: str) -> list[Concept]:
        return [each for each in self._having(number) if number in each.tree_numbers]

    def named(self, folded: str) -> list[Concept]:
        found = self._having(folded, folded=True)
        return [each for each in found if folded in (fold(name) for name in (each.label, *each.synonyms))]

    def beginning(self, folded: str) -> list[Concept]:
        return list(self._having(folded, folded=True))

    def alike(self, folded: str) -> list[Concept]:
        return list(self.concepts())  # so few that each can be compared

    def kind(self, curie: str) -> str:
        return ""

    def allowed_qualifiers(self, descriptor: str) -> frozenset[str] | None:
        return slices.allowed_qualifiers().get(descriptor) if self._vocabulary == "mesh" else None


@cache
def _lines(name: str) -> tuple[str, ...]:
    return tuple(read_slice(name).split("\n"))


@cache
def _folded(name: str) -> str:
    return read_slice(name).casefold()


class Words:
    """The vocabularies at hand.

    :param folder: where the indexes of full vocabularies are, each ``NAME.sqlite``; None for the slices that ship
    :param files: indexes that count before those of the folder, by the names of their vocabularies

    >>> words = Words()
    >>> words.label("mesh:D006528")
    'Carcinoma, Hepatocellular'
    >>> [concept.curie for concept in words.named("hepatocellular carcinoma")]
    ['mesh:D006528']
    >>> [row.object for row in words.mappings("mesh:D000077157") if row.predicate == "skos:exactMatch"]
    ['CHEBI:50924']
    """

    def __init__(self, folder: Path | None = None, files: dict[str, Path] | None = None) -> None:
        self.folder = folder
        self._files = files or {}
        self._trees: dict[str, str | None] = {}

    @cached_property
    def _indexes(self) -> dict[str, "Index"]:
        found = self.folder.glob(f"*{SUFFIX}") if self.folder and self.folder.is_dir() else ()
        paths = {path.stem: path for path in sorted(found)} | self._files
        if not paths:
            return {}
        from picograph.ontology.index import Index

        return {name: Index(path) for name, path in paths.items()}

    @cached_property
    def sources(self) -> dict[str, Source]:
        """Each vocabulary by its name: those that ship first, in the order in which a look-up answers."""
        names = dict.fromkeys((*SLICES.values(), *self._indexes))
        return {name: self._indexes.get(name) or Slice(name) for name in names}

    @cached_property
    def _by_prefix(self) -> dict[str, Source]:
        found = {prefix: self.sources[name] for prefix, name in slices.PREFIX_OF_SLICE.items() if name in self.sources}
        return found | {prefix: index for index in self._indexes.values() for prefix in index.prefixes}

    def vocabularies(self) -> "list[Vocabulary]":
        """Say what is at hand: version, licence, source, counts and checksum of each."""
        from picograph.ontology.index import shipped_vocabularies

        shipped = {each.name: each for each in shipped_vocabularies()}
        names = dict.fromkeys((*shipped, *self._indexes))
        return [self._indexes[name].vocabulary if name in self._indexes else shipped[name] for name in names]

    def is_whole(self, name: str) -> bool:
        """Say whether a vocabulary was added in full; False where only a slice ships, or nothing."""
        return name in self._indexes

    # --- one concept ---

    def get(self, curie: str) -> Concept | None:
        """Give the concept of a CURIE, or None where no vocabulary at hand has it.

        :raises UsageError: if the text is not a CURIE
        """
        curie = canonical(curie)
        source = self._by_prefix.get(curie.partition(":")[0])
        return source.get(curie) if source else None

    def concept(self, curie: str) -> Concept:
        """Give the concept of a CURIE.

        :raises UsageError: if the text is not a CURIE, or no vocabulary at hand has it
        """
        found = self.get(curie)
        if found is None:
            raise UsageError(
                f"{curie} is not in the vocabularies at hand",
                remedy="look it up by name, or add the full vocabulary: picograph vocab add NAME FILE…",
            )
        return found

    def label(self, curie: str) -> str | None:
        """Give the preferred name of a concept, or None."""
        found = self.get(curie)
        return found.label if found else None

    def kind(self, curie: str) -> str:
        """Say what a concept is where its vocabulary tells several kinds apart: an ingredient, a salt, a brand name."""
        source = self._by_prefix.get(curie.partition(":")[0])
        return source.kind(curie) if source else ""

    def parents(self, curie: str) -> tuple[str, ...]:
        """Give what is one step up; nothing for a concept that is not at hand."""
        found = self.get(curie)
        return found.parents if found else ()

    def ancestors(self, curie: str) -> tuple[str, ...]:
        """Give a concept and all above it in its hierarchy, the nearest first.

        Roles of ChEBI and pharmacological actions of MeSH are no places in the hierarchy: they stand in the concept's
        own fields, and in the graph's closure.

        :raises UsageError: if no vocabulary at hand has the concept
        """
        return all_above(self.concept(curie), self.get, self._at_tree)

    def path(self, curie: str, to: str | None = None) -> tuple[str, ...]:
        """Give a shortest way up: to another concept, or else to a top; empty where the other is not above.

        :raises UsageError: if no vocabulary at hand has one of the concepts
        """
        goal = self.concept(to).curie if to is not None else None
        return a_way_up(self.concept(curie), self.get, self._at_tree, goal)

    def _at_tree(self, number: str) -> str | None:
        """Give the descriptor at a tree number of MeSH."""
        if number not in self._trees:
            self._trees[number] = next((each.curie for each in self.sources["mesh"].at_tree(number)), None)
        return self._trees[number]

    def allowed_qualifiers(self, descriptor: str) -> frozenset[str] | None:
        """Give the codes of the qualifiers that a MeSH descriptor (``D006528``) allows; None: not known."""
        return self.sources["mesh"].allowed_qualifiers(descriptor)

    # --- many ---

    def concepts(self, vocabulary: str | None = None) -> Iterator[Concept]:
        """Go through every concept at hand, or those of one vocabulary."""
        for name, source in self.sources.items():
            if vocabulary in (None, name):
                yield from source.concepts()

    def structure(self, *, leaves: bool) -> Iterator[Concept]:
        """Go through the places of all concepts, in full vocabularies without their names.

        :param leaves: only supplementary concepts of MeSH, which stand above nothing; else all others
        """
        for source in self.sources.values():
            yield from source.structure(leaves)

    def named(self, name: str, vocabulary: str | None = None) -> list[Concept]:
        """Give every concept with exactly this name, preferred or not; case and spaces do not matter."""
        folded = fold(name)
        if not folded:
            return []
        return [
            found
            for each, source in self.sources.items()
            if vocabulary in (None, each)
            for found in source.named(folded)
        ]

    def mappings(self, curie: str | None = None) -> Iterator[Mapping]:
        """Give the stored mappings, or those of one concept, whichever end of the row it is."""
        if "mappings" not in self._indexes:
            yield from slices.mappings() if curie is None else slices.mappings_of(curie)
        for index in self._indexes.values():
            yield from index.mappings(curie)

    def close(self) -> None:
        """Close the files."""
        for index in self.__dict__.get("_indexes", {}).values():
            index.close()


SHIPPED = Words()
