"""What FHIR resources are made of: identifiers, concepts, quantities, references; and texts that FHIR forbids."""

import hashlib
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from picograph.kg.results import Part
from picograph.kg.study import Study
from picograph.kg.triples import document_iri, place_iri
from picograph.ontology.errors import UsageError
from picograph.ontology.prefixes import PREFIXES, canonical
from picograph.queries.exports.selection import Losses

BASE = "https://w3id.org/picograph/fhir/"
UCUM = "http://unitsofmeasure.org"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_content = msgspec.json.Encoder(order="sorted", enc_hook=str).encode

Resource = dict[str, Any]


class Scribe:
    """Writes the resources of one record: they share its identifiers, its source, and its losses."""

    def __init__(self, record: Study, losses: Losses) -> None:
        self.record = record
        self.losses = losses
        self.made: dict[str, Resource] = {}

    def lost(self, what: str, count: int = 1) -> None:
        """Say that something of this record is lost."""
        self.losses.add(what, self.record.key, count)

    def text(self, words: str) -> str:
        """Write words without the characters that FHIR forbids."""
        clean = _CONTROL.sub("\ufffd", words).strip() or "\ufffd"
        self.lost("texts with control characters or spaces at an end, which FHIR forbids", clean != words)
        return clean

    def put(self, kind: str, about: object, content: Resource) -> Resource:
        """Keep a resource under an identifier made from what it is about; gives a reference to it.

        :param about: what makes it another resource than the next of its kind
        """
        stated = _content((self.record.key, self.record.record.document, self.record.record.method.value, kind, about))
        name = hashlib.sha256(stated).hexdigest()[:32]
        if name not in self.made:
            self.made[name] = {"resourceType": kind, "id": name} | {
                key: value for key, value in content.items() if value not in (None, [], {})
            }
        reference = {"reference": f"{kind}/{name}"}
        shown = content.get("title") or content.get("name")
        return reference | ({"display": shown} if shown else {})

    def concept(self, words: str | None, curies: Iterable[str] = ()) -> Resource:
        """Write a concept: its words, and each code with the namespace that it is from."""
        codings = []
        for curie in curies:
            try:
                prefix, _, code = canonical(curie).partition(":")
            except UsageError:
                self.lost("concepts of a vocabulary without a known namespace")
                continue
            codings.append({"system": PREFIXES[prefix], "code": code})
        return ({"coding": codings} if codings else {}) | ({"text": self.text(words)} if words else {})

    def places(self, part: Part) -> list[Resource]:
        """Give the places that a part was read from, as related artifacts."""
        sha256 = self.record.record.source.sha256
        return [{"type": "derived-from", "document": {"url": place_iri(sha256, each)}} for each in part.evidence]

    @property
    def document(self) -> str:
        """The IRI of the document that the record reads."""
        return document_iri(self.record.record.document)


def words(text: str) -> Resource:
    """Write a concept that has words only.

    >>> words("median")
    {'text': 'median'}
    """
    return {"text": text}


def quantity(value: Decimal | int, unit: str | None = None, unit_words: str | None = None) -> Resource:
    """Write a quantity; a unit is a UCUM code, or the words of the source.

    >>> from decimal import Decimal
    >>> quantity(Decimal("10.7"), "mo")["code"]
    'mo'
    """
    found: Resource = {"value": value}
    if unit_words or unit:
        found["unit"] = unit_words or unit
    if unit:
        found |= {"system": UCUM, "code": unit}
    return found


def limits(low: Decimal | int | None, high: Decimal | int | None, unit: str | None = None) -> Resource | None:
    """Write a range; a limit that is not reported is left out.

    >>> limits(3, None)
    {'low': {'value': 3}}
    """
    found = {name: quantity(each, unit) for name, each in (("low", low), ("high", high)) if each is not None}
    return found or None


def absent(reason: str) -> Resource:
    """Write that there is no number, and why: never 0.

    :param reason: a code of FHIR's data-absent-reason
    """
    return {"extension": [{"url": _ABSENT, "valueCode": reason}]}
