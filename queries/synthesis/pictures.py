"""Where pictures are drawn: matplotlib without a window, and files that are the same for the same input."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picograph.ontology.errors import UsageError
from picograph.queries.exports import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("svg", "png", "pdf")


def format_of(path: str | Path) -> str:
    """Tell the kind of a picture from its file's ending.

    :raises UsageError: if it is none that can be drawn

    >>> format_of("forest.svg")
    'svg'
    """
    ending = Path(path).suffix.removeprefix(".").lower()
    if ending not in FORMATS:
        raise UsageError(
            f"a picture cannot be drawn as {ending or 'a file without an ending'!r}",
            where=str(path),
            remedy=f"end the name in one of: {', '.join('.' + each for each in FORMATS)}",
        )
    return ending


@contextlib.contextmanager
def picture(path: str | Path, *, width: float, height: float) -> Iterator["Figure"]:
    """Give a figure of so many inches; it is written, whole or not at all, when the block ends.

    :raises UsageError: if matplotlib is not installed, or the file's ending names no picture
    :raises InputError: if the file cannot be written
    """
    form = format_of(path)
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("pictures need matplotlib", remedy="pip install 'picograph[synthesis]'") from None
    # an SVG keeps its text as text; ids from a fixed salt and no date make equal input equal bytes
    settings: Any = {
        "svg.hashsalt": "picograph",
        "svg.fonttype": "none",
        "pdf.fonttype": 42,
        "font.family": "DejaVu Sans",
    }
    with mpl.rc_context(settings):
        figure = Figure(figsize=(width, height), dpi=200, facecolor="white")
        yield figure
        dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(form, {})
        drawn = io.BytesIO()
        figure.savefig(drawn, format=form, metadata=dates)
        write_whole(str(path), [drawn.getvalue()])
