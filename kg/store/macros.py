"""What the SQL of questions says often, and how a question's SQL is cut down to what is asked."""

import re
from collections.abc import Collection

from picograph.kg.model import PG

_CHOICE = re.compile(r"\(\$([a-z_]+)::[A-Z]+(?:\[\])? IS NULL\s+OR\s+")
ONTOLOGY = PG.removesuffix("/")
RESPONSE = PG + "TumourResponse"
# what questions say often; each is made, with the views and others that it names, when a query names it
MACROS = {
    "say": "(number) AS rtrim(rtrim(number::VARCHAR, '0'), '.')",  # as SPARQL's STR
    "pg": f"(name) AS '{PG}' || name",
    "places": "(found) AS list_distinct(flatten(list(found)))",
    # the concepts at or below some, which are in `closure` before a query runs
    "below": "(iris) AS TABLE SELECT DISTINCT concept FROM closure WHERE above IN (SELECT unnest(iris::VARCHAR[]))",
    # the studies on a condition at or below some
    "studies_on": "(iris) AS TABLE SELECT DISTINCT study FROM (SELECT study, unnest(concept) AS concept FROM Condition)"
    " SEMI JOIN below(iris) USING (concept)",
    # the treatments at or below some, and the arms that got one of them
    "treatments_with": "(iris) AS TABLE SELECT DISTINCT graph, part AS treatment"
    " FROM (SELECT graph, part, unnest(concept) AS concept FROM Intervention) SEMI JOIN below(iris) USING (concept)",
    "arms_with": "(iris) AS TABLE SELECT DISTINCT graph, part AS arm"
    " FROM (SELECT graph, part, unnest(interventions) AS treatment FROM Arm)"
    " SEMI JOIN treatments_with(iris) USING (graph, treatment)",
    # the outcomes, and the results of adverse events, that have one of some words, or a concept at or below one
    "outcomes_as": "(words) AS TABLE SELECT graph, part AS outcome FROM Outcome"
    " WHERE label IN (SELECT unnest(words::VARCHAR[]))"
    " UNION SELECT graph, part FROM (SELECT graph, part, unnest(concept) AS concept FROM Outcome)"
    " SEMI JOIN below(words) USING (concept)",
    "events_as": "(words) AS TABLE SELECT graph, part FROM AdverseEventResult"
    " WHERE term IN (SELECT unnest(words::VARCHAR[]))"
    " UNION SELECT graph, part FROM (SELECT graph, part, unnest(concept) AS concept FROM AdverseEventResult)"
    " SEMI JOIN (FROM below(words) UNION SELECT unnest(words::VARCHAR[])) AS known(concept) USING (concept)",
    "responses_of_tumours": "() AS TABLE SELECT DISTINCT graph, part AS outcome"
    " FROM (SELECT graph, part, unnest(concept) AS concept FROM Outcome)"
    f" SEMI JOIN (SELECT concept FROM closure WHERE graph = '{ONTOLOGY}' AND above = '{RESPONSE}') USING (concept)",
}


def decided(sql: str, given: Collection[str]) -> str:
    """Take out of a query the conditions on parameters that are not given, and the choice from those on others.

    The engine plans both sides of an OR, and reads what it need not.

    >>> decided("SELECT 1 WHERE ($x::BIGINT IS NULL OR a > $x) AND ($y::VARCHAR[] IS NULL OR b = $y)", {"x"})
    'SELECT 1 WHERE (a > $x) AND true'
    """
    while choice := _CHOICE.search(sql):
        depth, end = 1, choice.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(sql[end], 0)
            end += 1
        inside = f"({sql[choice.end() : end - 1]})" if choice[1] in given else "true"
        sql = sql[: choice.start()] + inside + sql[end:]
    return sql
