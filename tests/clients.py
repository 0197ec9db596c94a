"""Many clients of one server at once, each with a connection of its own: what came back, how quickly, how often 429."""

import http.client
import threading
import time
from collections.abc import Sequence
from random import Random
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit


class Asked(NamedTuple):
    """A query and the bytes of its right answer."""

    query: str
    answer: bytes


class Outcome(NamedTuple):
    """What all clients met."""

    answered: int
    busy: int  # told 429
    wrong: list[str]
    errors: list[str]
    times: list[float]  # seconds, of those that were answered, sorted

    def percentile(self, share: float) -> float:
        """Give the time within which this share was answered [seconds]."""
        return self.times[min(int(len(self.times) * share), len(self.times) - 1)]


def storm(base: str, asked: Sequence[Asked], *, clients: int, seconds: float) -> Outcome:
    """Let clients ask, each the next question as soon as it has an answer; who is told 429 waits as long as is said."""
    until = time.monotonic() + seconds
    lock = threading.Lock()
    answered, busy, wrong, errors, times = [0], [0], [], [], []

    def client(number: int) -> None:
        random = Random(number)
        connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=90)
        try:
            while time.monotonic() < until:
                one = random.choice(asked)
                began = time.monotonic()
                connection.request("GET", f"/sparql?{urlencode({'query': one.query})}")
                response = connection.getresponse()
                body = response.read()
                took = time.monotonic() - began
                with lock:
                    if response.status == 200:
                        answered[0] += 1
                        times.append(took)
                        if body != one.answer:
                            wrong.append(one.query)
                    elif response.status == 429:
                        busy[0] += 1
                    else:
                        errors.append(f"{response.status}: {body[:200]!r}")
                if response.status == 429:
                    time.sleep(min(float(response.headers["Retry-After"]), max(until - time.monotonic(), 0)))
        except (OSError, http.client.HTTPException) as error:
            with lock:
                errors.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Outcome(answered[0], busy[0], wrong, errors, sorted(times))
