"""Records mapped on a Dask cluster: files are read through fsspec, and become N-Quads parts that any store bulk-loads.

A file is what one worker takes. It maps each record by the same code as `load` and writes the graphs into a part beside
the others, with what every record says of itself. Then the studies are settled here, from what all records say
together, and each part is finished by a worker: graphs whose study another record gives its key are written anew, and
of two versions of a record the last counts. Where there is an endpoint the workers send it the parts.

A part is written whole or not at all. A run that is stopped goes on: what the same picograph made of the same bytes is
not mapped again.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import msgspec
from pyoxigraph import RdfFormat, serialize

from picograph.kg import mapping
from picograph.kg.batches import Loaded, move
from picograph.kg.filing import Filing
from picograph.kg.joining import Entry, Index, Settled, settle
from picograph.kg.parts import (
    CHECK_PATH,
    Change,
    Endpoint,
    Part,
    clear,
    finish_part,
    map_file,
    said,
    send_part,
    unwritten,
    write_whole,
)
from picograph.kg.settling import settle_with
from picograph.kg.splits import Splits, quads_of_splits
from picograph.kg.words import checksum_of, whole_vocabularies, words_graphs
from picograph.ontology.errors import InputError, StoreError, UsageError

if TYPE_CHECKING:
    from picograph.kg.store import Store


def _needs(extra: str, error: ImportError) -> UsageError:
    return UsageError(
        f"this needs {error.name}, which is not installed",
        where="load --engine dask",
        remedy=f"pip install 'picograph[{extra}]'",
    )


def expand(files: Sequence[str]) -> list[str]:
    """Give the files that paths and URLs name, patterns such as ``s3://bucket/*.xml.gz`` included, in their order.

    :raises InputError: if a pattern fits nothing
    :raises UsageError: if there is no such file system
    """
    try:
        import fsspec
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise _needs("dask", error) from None
    found: list[str] = []
    for name in files:
        try:
            system, path = url_to_fs(name)
        except ImportError as error:
            raise UsageError(str(error), where=name, remedy="install what it names") from None
        except ValueError as error:
            raise UsageError(str(error), where=name, remedy="give a path, or a URL of s3, gs, http or memory") from None
        if fsspec.core.has_magic(path) and "http" not in system.protocol:
            try:
                names = sorted(system.glob(path))
            except (OSError, ValueError) as error:
                raise InputError(f"the files cannot be listed: {said(error)}", where=name, remedy=CHECK_PATH) from None
            if not names:
                raise InputError("no file fits", where=name, remedy="see whether the pattern is right")
            found += [system.unstrip_protocol(each) if "://" in name else each for each in names]
        else:
            found.append(name)
    return found


class Cluster:
    """Workers: some of this machine's, or those behind a scheduler.

    :param scheduler: its address; None for workers of this machine
    :param jobs: how many of these
    :raises UsageError: if Dask is not installed
    :raises StoreError: if the scheduler does not answer, or its workers have another picograph
    """

    def __init__(self, scheduler: str | None, jobs: int) -> None:
        import logging

        try:
            import distributed
        except ImportError as error:
            raise _needs("dask", error) from None
        local: Any = distributed.LocalCluster
        client: Any = distributed.Client
        self._stack = ExitStack()
        try:
            target: Any = scheduler
            if scheduler is None:
                target = self._stack.enter_context(
                    local(
                        n_workers=jobs,
                        threads_per_worker=1,
                        host="127.0.0.1",
                        dashboard_address=None,
                        silence_logs=logging.CRITICAL,
                    )
                )
            try:
                self.client = self._stack.enter_context(client(target, timeout=20, set_as_default=False))
            except (OSError, TimeoutError, ValueError) as error:
                raise StoreError(
                    f"the scheduler does not answer: {said(error)}",
                    where=str(scheduler),
                    remedy="see whether it runs: dask scheduler prints its address",
                ) from None
            self._check(str(scheduler))
        except BaseException:
            self._stack.close()
            raise

    def _check(self, where: str) -> None:
        try:
            stamps = self.client.run(mapping.stamp)
        except ImportError as error:
            raise StoreError(
                f"a worker cannot run picograph: {error}", where=where, remedy="install it on every worker"
            ) from None
        if not stamps:
            raise StoreError("the scheduler has no workers", where=where, remedy="start some: dask worker ADDRESS")
        if others := sorted(name for name, stamp in stamps.items() if stamp != mapping.stamp()):
            raise StoreError(
                f"{len(others)} workers have another version of picograph, such as {others[0]}",
                where=where,
                remedy="install the same version here and on every worker",
            )

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def map(self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Run a function for each of some arguments; gives what each gave, in their order.

        :raises StoreError: if a worker was ended from outside, again and again
        """
        from distributed import KilledWorker

        futures = [self.client.submit(function, *call, pure=False, retries=2) for call in calls]
        try:
            return list(self.client.gather(futures))
        except KilledWorker as error:
            raise StoreError(
                f"workers end while they map: {error}",
                where="load --engine dask",
                remedy="see whether their memory is short; give smaller files",
            ) from None
        finally:
            self.client.cancel(futures)


def load_files(
    cluster: Cluster,
    files: Sequence[str],
    folder: str,
    *,
    endpoint: Endpoint | None = None,
    splits: Splits | None = None,
    extract: bool = False,
) -> list[Loaded]:
    """Map files on a cluster: into N-Quads parts in a folder, or to an endpoint; gives what became of each record.

    :param files: paths or URLs
    :param folder: path or URL, where every worker can write
    :param endpoint: takes the graphs; None: the parts stay in the folder
    :param splits: what is not one study
    :param extract: read the words of abstracts too
    :raises StoreError: if the parts cannot be written, or the endpoint does not take them
    """
    if endpoint is None:
        return _into_parts(cluster, files, folder, splits, extract)
    with endpoint.store() as store:
        return _into_store(cluster, files, folder, store, endpoint, splits, extract)


def _into_parts(
    cluster: Cluster, files: Sequence[str], folder: str, splits: Splits | None, extract: bool
) -> list[Loaded]:
    parts: list[Part] = cluster.map(map_file, [(url, folder, extract) for url in files])
    changes, done = _changes(parts, settle(_entries(parts), Index((), splits)), {})
    calls = [
        (*part, change, f"{folder}/part-{number:05}.nq")
        for number, (part, change) in enumerate(zip(parts, changes, strict=True))
        if sum(line.entry is not None for line in part.lines) > len(change.left_out)  # no part is empty
    ]
    cluster.map(finish_part, calls)
    words = [quad for quads in words_graphs().values() for quad in quads]
    if splits is not None and splits.pairs:
        words += quads_of_splits(splits)
    try:
        write_whole(f"{folder}/words.nq", [serialize(words, format=RdfFormat.N_QUADS) or b""])
        clear(folder, {call[-1].rpartition("/")[2] for call in calls})
    except OSError as error:
        raise unwritten(folder, error) from None
    return done


def _into_store(
    cluster: Cluster,
    files: Sequence[str],
    folder: str,
    store: "Store",
    endpoint: Endpoint,
    splits: Splits | None,
    extract: bool,
) -> list[Loaded]:
    filing = Filing(store, splits)
    moved = filing.resplit()
    parts: list[Part] = cluster.map(map_file, [(url, folder, extract) for url in files])
    entries = _entries(parts)
    settled = settle_with(store, entries, filing.splits)
    words = words_graphs()
    held = store.checksums([*{each.record for each in entries}, *words])
    changes, done = _changes(parts, settled, held)
    whole = whole_vocabularies(store)
    cluster.map(
        send_part, [(*part, change, endpoint) for part, change in zip(parts, changes, strict=True) if part.path]
    )
    others = list(filing.moved(settled.rekeys))
    with store.write() as writer:
        for graph, quads in words.items():
            if graph not in whole and held.get(graph) != checksum_of(graph, quads):
                writer.replace(graph, quads)
        writer.put([each.graph for each in others])
    try:
        clear(folder, None)
    except OSError as error:
        raise unwritten(folder, error) from None
    return [*done, *map(move, moved), *map(move, others)]


def _entries(parts: Sequence[Part]) -> list[Entry]:
    return [line.entry for part in parts for line in part.lines if line.entry]


def _changes(parts: Sequence[Part], settled: Settled, held: Mapping[str, str]) -> tuple[list[Change], list[Loaded]]:
    """Find what is to be done with each part; gives what becomes of the records."""
    last = {line.entry.record: (number, place) for number, part in enumerate(parts)
            for place, line in enumerate(each for each in part.lines if each.entry) if line.entry}  # fmt: skip
    changes: list[Change] = []
    done: list[Loaded] = []
    seen: set[str] = set()
    for number, part in enumerate(parts):
        keys: dict[int, str] = {}
        left_out: set[int] = set()
        place = 0
        for line in part.lines:
            if line.entry is None:
                assert line.fault
                what, where, remedy, pointer = msgspec.structs.astuple(line.fault)
                error = InputError(what, where=where, remedy=remedy, pointer=pointer)
                done.append(Loaded(number=len(done), name=line.name, outcome="refused", error=error))
                continue
            record = line.entry.record
            key = settled.resolutions[record].key
            if last[record] != (number, place):
                left_out.add(place)
            elif key != line.study:
                keys[place] = key
            elif held.get(record) == line.checksum:
                left_out.add(place)
            known = record in held or record in seen
            same = place in left_out and held.get(record) == line.checksum
            seen.add(record)
            done.append(
                Loaded(
                    number=len(done),
                    name=line.name,
                    outcome="unchanged" if same else "replaced" if known else "added",
                    study=key,
                    record=record,
                    facts=line.facts,
                    triples=line.triples,
                    places=line.places,
                    source_at_hand=line.checked,
                    unmatched=line.unmatched,
                    cautions=line.cautions,
                )
            )
            place += 1
        changes.append(Change(keys, frozenset(left_out)))
    return changes, done
