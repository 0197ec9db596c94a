"""Promise: what a page links to can be asked for: an address is short enough for the proxies between."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

from picograph.kg.load import example, load
from picograph.kg.store import open_store
from picograph.queries import catalog
from picograph.web.pages import answer_page
from picograph.web.tasks import Ask

LONGEST = 8000  # bytes of a request's line that common proxies take


def test_the_query_behind_an_answer_is_in_an_address_that_proxies_take() -> None:
    store = open_store(":memory:")
    load(store, [example()])
    for name in ("adverse-events", "responses-with-baseline", "survival-by-factor"):
        given = {"drug": "Protein Kinase Inhibitors"} if "drug" in catalog.question(name).parameters else {}
        status, page = answer_page(store, Ask(name, given, "text/html"))
        assert status == 200
        [link] = re.findall(r'href="([^"]*sparql\?edit=[^"]*)"', page)
        [query] = parse_qs(urlsplit(unescape(link)).query)["edit"]
        assert len(link) < LONGEST, name
        assert query.startswith("PREFIX ")
        assert "#+" not in query
        store.query(query)
