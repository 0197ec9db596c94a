"""How tests ask a `picograph serve` that holds the study that ships."""

from urllib.parse import urlencode

from picograph.tests import w3c
from picograph.tests.servers import TOKEN, Serving

PG = "https://w3id.org/picograph/ontology/"
ROWS = f"SELECT ?result ?n ?none {{ ?result <{PG}affected>|<{PG}count> ?n }} ORDER BY ?n ?result"
NUMBERS = [6, 18, 22, 24, 33, 40]
GRAPH = f"CONSTRUCT {{ ?s <{PG}affected> ?n }} WHERE {{ ?s <{PG}affected>|<{PG}count> ?n }}"
WRITE = {"Authorization": f"Bearer {TOKEN}"}


def get(server: Serving, path: str, **headers: str) -> w3c.Response:
    return w3c.send(server.base, "GET", path, {name.replace("_", "-"): value for name, value in headers.items()}, None)


def query(server: Serving, text: str, accept: str = "*/*", **fields: str) -> w3c.Response:
    return get(server, f"/sparql?{urlencode({'query': text, **fields})}", Accept=accept)
