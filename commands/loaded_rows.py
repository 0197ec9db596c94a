"""What `load` says while it goes on: rows as records come, the refused ones into a file, how far it is."""

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from picograph.commands.terminal import Bar, out, print_rows
from picograph.ontology.errors import InputError

if TYPE_CHECKING:
    from picograph.kg.joining import Resolution
    from picograph.kg.load import Loaded
    from picograph.queries.report import Messages

MANY = 1_000  # records that are held until all are done, to be printed in order
Why = Callable[[Sequence["Loaded"]], "Mapping[str, Resolution]"]


class Rows:
    """Prints what became of records: a few in their order and at the end, many as they come.

    As a table, many are not printed, but counted.

    :param why: says of which study each record is, where that was asked for
    """

    def __init__(self, form: str, why: Why | None) -> None:
        self._form, self._why = form, why
        self._held: list[Loaded] = []
        self._many = False
        self._counts: dict[str, Counter[str]] = {}
        self._before = "[\n"
        self.reasons: list[str] = []

    def __enter__(self) -> "Rows":
        return self

    def add(self, loaded: "Loaded") -> None:
        """Take in what became of a record."""
        if loaded.error and self._form != "json":
            return
        if self._many and self._form == "table":
            self._count(loaded)
            return
        self._held.append(loaded)
        if len(self._held) >= MANY:
            if self._form == "table":
                for each in self._held:
                    self._count(each)
            else:
                self._print_some()
            self._many, self._held = True, []

    def __exit__(self, failed: object, *_: object) -> None:
        """Print what is left; nothing where the load failed before the first record was done."""
        from picograph.queries import report

        if failed and not self._many and not self._held:
            return
        if not self._many:
            self._held.sort(key=lambda loaded: loaded.number)
            print_rows(report.COLUMNS, self._rows(), self._form)
        elif self._form == "table":
            print_rows(report.COUNTS, [{"outcome": key, **counts} for key, counts in self._counts.items()], "table")
        else:
            self._print_some()
            if self._form == "json":
                out(b"\n]\n")

    def _rows(self) -> list[dict[str, Any]]:
        from picograph.kg import joining
        from picograph.queries import report

        why = self._why(self._held) if self._why else {}
        for each in why.values():
            self.reasons.extend(joining.explain(each))
        return [report.row(each, why.get(each.record or "")) for each in self._held]

    def _print_some(self) -> None:
        from picograph.queries import report
        from picograph.queries.answer import lines

        rows = self._rows()
        if self._form == "json":
            import msgspec

            encode = msgspec.json.Encoder(enc_hook=str, decimal_format="number").encode
            for row in rows:
                out(self._before.encode() + encode(row))
                self._before = ",\n"
        else:
            text = list(lines(list(report.COLUMNS), rows, "\t" if self._form == "tsv" else ","))
            out("".join(text[1:] if self._many else text).encode())

    def _count(self, loaded: "Loaded") -> None:
        counts = self._counts.setdefault(loaded.outcome, Counter())
        counts["records"] += 1
        counts["facts"] += sum(loaded.facts.values())
        counts["triples"] += loaded.triples


def tell(done: "Loaded", messages: "Messages", rows: Rows, refuse: Callable[[Iterator[bytes]], None] | None) -> int:
    """Say what became of one record wherever it is said; gives the exit code that it asks for, 0 where it is in."""
    messages.add(done)
    rows.add(done)
    if done.error is None:
        return 0
    if refuse is not None:
        from picograph.queries import report

        refuse(report.rejects(done))
    return done.error.exit_code


@contextlib.contextmanager
def rejects(path: str) -> Iterator[Callable[[Iterator[bytes]], None]]:
    """Open the file that refused records go to: whole when the load ends, in whatever way; a device or a pipe at once.

    :raises InputError: if it cannot be written
    """
    from picograph.queries.exports import partial_of

    target, partial = Path(path), partial_of(path)

    def failed(error: OSError) -> InputError:
        what = f"the file cannot be written: {error.strerror}"
        return InputError(what, where=path, remedy="see whether the folder is there, and room on the disk")

    def write(lines: Iterator[bytes]) -> None:
        try:
            file.writelines(lines)
            file.flush()
        except OSError as error:
            raise failed(error) from None

    try:
        file: IO[bytes] = partial.open("wb")
    except OSError as error:
        raise failed(error) from None
    try:
        with file:
            yield write
    finally:
        if partial != target:
            partial.replace(target)


@contextlib.contextmanager
def progress(files: Sequence[str]) -> Iterator[Callable[[int], None] | None]:
    """Show a progress bar on a terminal, with rate and time left, where it is known how much there is to read."""
    if not sys.stderr.isatty():
        yield None
        return
    total = 0
    for name in files:
        with contextlib.suppress(OSError):
            total += Path(name).stat().st_size
        if name == "-":
            total = 0
            break
    start = shown = time.monotonic()
    read = records = 0

    def move(more: int) -> None:
        nonlocal read, records, shown
        read, records, now = read + more, records + 1, time.monotonic()
        if now - shown >= 0.2:
            shown = now
            bar.move(min(read, total), total, f"{records:,} records, {records / (now - start):,.0f}/s")

    with Bar("load") as bar:
        yield move if total else None
