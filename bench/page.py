"""A page and a picture of what was measured, from the figures that were kept: docs/bench.md and docs/bench.svg."""

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import engines, hierarchies, sizes, virtuoso
from .timing import milliseconds, percentile

_INK, _SOFT, _ENGINES = "#1f2328", "#b6bec9", {"Oxigraph": "#0b5cad", "Virtuoso": "#c4541a", "rdflib": "#7a5195"}
_ENGINES |= {"DuckDB over Parquet": "#1a7f37", "owlready2": "#8a6d00"}


def write(figures: Mapping[str, Any], folder: Path) -> None:
    """Write both."""
    (folder / "bench.md").write_text("\n".join(lines(figures)) + "\n", "utf-8")
    draw(figures, folder / "bench.svg")


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    """Give the lines of the page."""
    machine = figures["machine"]
    yield "# What questions cost\n"
    yield "Written by `python -m bench --write docs` from what `make bench` measured; nothing here is typed by hand.\n"
    yield f"{'; '.join(f'{key} {value}' for key, value in machine.items())}.\n"
    yield "![How the time of each question grows with the store, and the same questions on other engines](bench.svg)\n"
    yield from _load(figures.get("load", {}))
    yield from _sizes(figures)
    if "cold" in figures:
        yield "\n## Cold start\n"
        yield "A new process, with the store's files in the system's memory (warm) and put out of it first (cold).\n"
        rows = [
            (key.partition(" ")[2], f"{int(key.split()[0]):,}", *map(_time, each.values()))
            for key, each in figures["cold"].items()
        ]
        yield from _table(("question", "triples", "warm", "cold"), rows)
    if "engines" in figures:
        yield from _engines(figures["engines"])
    if "hierarchies" in figures:
        yield from _hierarchies(figures["hierarchies"])
    if "virtuoso" in figures:
        yield from _virtuoso(figures["virtuoso"])


def _load(found: Mapping[str, Any]) -> Iterator[str]:
    """Say what else ran: whoever reads a time must know."""
    for part, each in found.items():
        one = each["watched"]
        if part in ("sizes", "engines", "hierarchies", "virtuoso"):
            yield (
                f"- `{part}`, {one['day']}: {one['seconds']:.0f} s, in which other programs took {one['others']:.2f} "
                f"cores; the system's load when it began was {one['load']:.2f}."
            )
    if found:
        yield "\nWhere other programs took more than a tenth of a core, take the ratios and leave the times.\n"


def _sizes(figures: Mapping[str, Any]) -> Iterator[str]:
    engine, process = figures["questions"]["engine"], figures["questions"]["process"]
    at = sorted({int(size) for each in engine.values() for size in each})
    yield "## The catalogue, embedded, as the store grows\n"
    yield "Sizes are triples of records; MeSH in full lies beside them. Median / 95th percentile of the engine's"
    yield "call, rows made; of the whole process, `picograph ask`; the exponent of a power law through the medians."
    yield f"Over: not within {sizes.LIMIT:g} s.\n"
    for size in at:
        found = [each[str(size)] for each in engine.values() if str(size) in each]
        yield f"- {sizes.summary(size, found)}."
    missing = _over(engine, at[-1])
    yield f"- Over 1 s at {at[-1]:.0e}: {', '.join(missing) or 'none'}.\n"
    rows = []
    for key, found in engine.items():
        cells = []
        for size in at:
            each, runs = found.get(str(size)), process.get(key, {}).get(str(size))
            cells += [sizes.spread(each["seconds"]) if each else "over", sizes.spread(runs) if runs else ""]
        known = {int(size): statistics.median(each["seconds"]) for size, each in found.items() if each}
        rows.append((f"`{key}`", *cells, "" if len(known) < 2 else f"{sizes.growth(known):.2f}"))
    heads = [f"{size:.0e}{what}" for size in at for what in ("", ", process")]
    yield from _table(("question", *heads, "exponent"), rows)


def _over(found: Mapping[str, Any], size: int) -> list[str]:
    costs = {key: each.get(str(size)) for key, each in found.items() if str(size) in each}
    return [f"`{key}`" for key, each in costs.items() if not each or statistics.median(each["seconds"]) > 1]


def _engines(found: Mapping[str, Any]) -> Iterator[str]:
    questions = found["questions"]
    names = list(dict.fromkeys(name for each in questions.values() for name in each))
    yield "\n## The same data on other engines\n"
    yield f"{found['studies']} drawn studies and what stands above their words, {found['quads']:,} quads, on all."
    yield "The answer to the question's own SPARQL, median of 3 (rdflib: once); DuckDB answers the SQL of those that"
    yield "have it, from Parquet; for owlready2, which knows no named graphs, the GRAPH clauses are opened. Over: not"
    yield f"within {engines.LIMIT:g} s, or refused.\n"
    yield f"- {engines.against_rdflib(questions)}."
    slower = [f"`{key}` ({times:.1f})" for key, times in engines.slower(questions)]
    yield f"- More than 3 times Virtuoso's time, the better of the two ways: {', '.join(slower) or 'none'}."
    cannot = [f"`{key.split()[0]}`" for key, each in questions.items() if "owlready2" in each and not each["owlready2"]]
    yield f"- owlready2 does not answer {', '.join(cannot) or 'none'}.\n"
    yield "Each engine's time, times that of the embedded store by the better of its two ways (DuckDB's: times"
    yield "that of its quads), over the questions answered with as many rows:\n"
    heads = ("engine", "asked", "ended or refused", "other rows", "median", "least", "greatest")
    yield from _table(
        heads,
        [(each.engine, *map(str, each[1:4]), *each.told()) for each in engines.held(questions)],
    )
    yield ""
    rows = []
    for key, each in questions.items():
        cells = ["" if name not in each else _answer(each[name], each["Oxigraph"]) for name in names]
        rows.append((f"`{key}`", *cells))
    yield from _table(("question", *names), rows)


def _answer(each: Any, right: Any) -> str:
    if not each:
        return "over"
    mark = "" if not right or each["rows"] == right["rows"] else f", {each['rows']} rows, not {right['rows']}"
    return _time(statistics.median(each["seconds"])) + mark


def _hierarchies(found: Mapping[str, Any]) -> Iterator[str]:
    questions = found["questions"]
    at = sorted({int(size) for each in questions.values() for size in each})
    yield "\n## Questions about a class, against rdflib in memory\n"
    yield "The stores of the catalogue, MeSH in full beside the records; the same quads in rdflib's memory. The"
    yield "embedded store's query, the way that `ask` takes, median of 3, rows made; rdflib is asked once, ended (>)"
    yield f"where it has taken {hierarchies.ENOUGH} times as long, or {engines.LIMIT:g} s: the ratio is at least what"
    yield "stands there.\n"
    for size in at:
        both = {key: each[str(size)] for key, each in questions.items() if str(size) in each}
        clock = "processor time of all threads, " if found["clock"][str(size)] == "process_time" else ""
        yield f"- {found['quads'][str(size)]:,} quads, {clock}{hierarchies.summary(size, both)}."
    yield ""
    rows = []
    for key, each in questions.items():
        cells = [hierarchies.cells(each[str(size)]) if str(size) in each else ("", "", "") for size in at]
        rows.append((f"`{key}`", *(cell for three in cells for cell in three)))
    heads = [f"{size:.0e}{what}" for size in at for what in (", embedded", ", rdflib", ", times")]
    yield from _table(("question", *heads), rows)


def _virtuoso(found: Mapping[str, Any]) -> Iterator[str]:
    at = sorted({int(size) for each in found.values() for size in each})
    yield "\n## Virtuoso\n"
    yield "The same quads in a Virtuoso server and in the embedded store, asked in turn: the call of `ask`, what it"
    yield "looks up first and the rows included, median / 95th percentile; the embedded store's time over Virtuoso's."
    for size in at:
        both = {key: each[str(size)] for key, each in found.items() if str(size) in each}
        over = [f"`{key}`" for key, each in both.items() if virtuoso.late(each["Virtuoso"])]
        summary = sizes.summary(size, [each["Virtuoso"] for each in both.values()])
        yield f"\n- Virtuoso, {summary}: {', '.join(over) or 'none'}."
        yield f"- More than {virtuoso.TIMES} times Virtuoso's time: {'; '.join(virtuoso.beyond(both)) or 'none'}.\n"
        rows = []
        for key, each in both.items():
            cells = [sizes.spread(one["seconds"]) if (one := each[way]) else "over" for way in ("Virtuoso", "embedded")]
            rows.append((f"`{key}`", *cells, "" if (times := virtuoso.ratio(each)) is None else f"{times:.2f}"))
        yield from _table((f"question, {size:.0e}", "Virtuoso", "embedded", "ratio"), rows)


def _time(seconds: float) -> str:
    return "over" if math.isinf(seconds) else milliseconds(seconds)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def draw(figures: Mapping[str, Any], path: Path) -> None:
    """Draw how each question grows, and how long engines take for the same."""
    from picograph.queries.synthesis.pictures import picture

    questions = figures.get("engines", {}).get("questions", {})
    with picture(path, width=11, height=max(5.0, 1.2 + 0.17 * len(questions))) as figure:
        left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1, 1.1]})
        _growth(left, figures["questions"]["engine"])
        _dots(right, questions)
        figure.tight_layout()


def _growth(axes: Any, engine: Mapping[str, Any]) -> None:
    at = sorted({int(size) for each in engine.values() for size in each})
    middles: dict[int, list[float]] = {size: [] for size in at}
    for found in engine.values():
        known = {int(size): 1000 * statistics.median(each["seconds"]) for size, each in found.items() if each}
        for size, each in known.items():
            middles[size].append(each)
        axes.plot(list(known), list(known.values()), color=_SOFT, linewidth=0.8, marker=".", markersize=3)
    axes.plot(
        at, [statistics.median(middles[size]) for size in at], color=_INK, linewidth=2.2, marker="o", label="median"
    )
    tops = [percentile(middles[size]) for size in at]
    axes.plot(at, tops, color=_ENGINES["Virtuoso"], linewidth=2.2, marker="o", label="95th percentile")
    axes.axhline(1000, color=_INK, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.axhline(100, color=_INK, linewidth=0.8, linestyle=(0, (1, 2)))
    axes.set(xscale="log", yscale="log", xlabel="triples of records", ylabel="milliseconds")
    axes.set_title("Each question, embedded", fontsize=10, loc="left")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    _plain(axes)


def _dots(axes: Any, questions: Mapping[str, Any]) -> None:
    names = sorted(questions, reverse=True)
    for y, name in enumerate(names):
        axes.axhline(y, color="#eef0f3", linewidth=0.8, zorder=0)
        for engine, color in _ENGINES.items():
            each = questions[name].get(engine)
            if each:
                axes.plot([1000 * statistics.median(each["seconds"])], [y], "o", color=color, markersize=4)
            elif engine == "rdflib" and engine in questions[name]:
                axes.plot([1000 * engines.LIMIT], [y], ">", color=color, markersize=5)
    for engine, color in _ENGINES.items():
        axes.plot([], [], "o", color=color, markersize=4, label=engine)
    axes.set_yticks(range(len(names)), [name.split()[0] for name in names], fontsize=6.5)
    axes.set(xscale="log", xlabel="milliseconds", ylim=(-1, len(names)))
    axes.set_title("The same question on each engine (> ended)", fontsize=10, loc="left")
    axes.legend(frameon=False, fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.06), ncol=5)
    _plain(axes)


def _plain(axes: Any) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=7)
