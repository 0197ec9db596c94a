"""picograph: reports of clinical studies as a linked, checkable evidence graph.

    >>> import picograph
    >>> store = picograph.open_store(":memory:")
    >>> [loaded] = picograph.load(store, [picograph.example()])
    >>> [row] = picograph.ask(store, "adverse-events", drug="sorafenib", min_grade=3)
    >>> row["affected"], row["at_risk"], row["fatal"]
    (6, 40, 3)

Everything is imported when it is first used, so that ``import picograph`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from picograph.kg.load import example, load, read_study
    from picograph.kg.store import open_store
    from picograph.queries.ask import ask

_HOMES = {
    "ask": "picograph.queries.ask",
    "example": "picograph.kg.load",
    "load": "picograph.kg.load",
    "open_store": "picograph.kg.store",
    "read_study": "picograph.kg.load",
}

__all__ = ["__version__", "ask", "example", "load", "open_store", "read_study"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'picograph' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
