"""Vocabularies in full, from their publishers' files: added to a store with closure and index, listed, checked."""

from picograph.kg.vocabularies.adding import Added, add
from picograph.kg.vocabularies.checking import disagreements
from picograph.kg.vocabularies.updating import update

__all__ = ["Added", "add", "disagreements", "update"]
