"""Hold the answers of a drawn store against the true ones: python -m bench.truths STORE SIZE [QUESTION…].

STORE is what `bench.stores.fill` made with SIZE triples and seed 1, or the address of a server that holds it; it is
only read. Ends with 1 where an answer differs, or where there is none.
"""

import sys
import time
from collections.abc import Collection

from picograph.kg.store import open_store
from picograph.ontology.errors import StoreError
from picograph.queries import catalog
from picograph.queries.ask import ask

from ..asked import asked, told
from . import differences, drawn, questions, truth

LIMIT = 30  # seconds for which a server may keep silent


def main(store: str, size: int, only: Collection[str] = ()) -> int:
    """Print each question with its number of rows, and what differs; give the exit code.

    :param only: the questions to ask, where not all are
    """
    known = {each for each in questions() if not only or each[0] in only}
    cases = [(name, shelf, given) for name, shelf, given in asked() if (name, shelf) in known]
    began = time.perf_counter()
    truths = [truth(name, given) for name, _, given in cases]
    count = 0
    for each in drawn(size):
        count += 1
        for one in truths:
            one.add(each)
    print(f"{count} studies drawn, true answers known after {time.perf_counter() - began:.0f} s", flush=True)
    wrong = 0
    with open_store(store, timeout=LIMIT) as opened:
        for (name, shelf, given), true in zip(cases, truths, strict=True):
            question = catalog.question(name, shelf)
            try:
                answer = ask(opened, question, **given)
            except StoreError as error:
                wrong += 1
                print(f"nothing          {told(name, given)}: {error.what}"[:300], flush=True)
                continue
            found = list(differences(question, true.rows(), answer.rows))
            wrong += bool(found)
            print(f"{'differs' if found else 'equal':7} {len(answer):>8} rows  {told(name, given)}", flush=True)
            for line in found[:4]:
                print(f"    {line[:1000]}")
    print(f"{len(cases)} answers of {len({name for name, _, _ in cases})} questions: {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
