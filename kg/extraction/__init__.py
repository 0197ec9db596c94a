"""Abstract text -> facts with the places of their words, by rules that are written down.

A text goes through these steps, each a module that can be used alone:

    text        signs in one spelling; sections; sentences
    tokens      words and signs, each with its sort (one letter)
    numbers     mentions: numbers typed by the words right around them (count, per cent, median, interval, p…)
    page        all of that for one abstract: `read_page`
    lexicon     the words that are known: outcomes, adverse events, treatments, scales, verbs (`lexicon.tsv`)
    arms        the groups that are compared; `arm_words` finds what calls them in any sentence
    items       a sentence as a row of phrases (`phrases`), one letter each
    patterns    how sentences join numbers to events; `binding` pairs them by written rules
    whom        which arm, of how many, in which phase, how sure
    results     facts: `results`, `measures`, `design`, `treatments`, `claims`
    build       all of it: `read_study(text) -> Study`
    llm         the same by a language model, whose proposals the text must bear out (`proposals`)

`Abstract` (`abstract`) holds what the sentences of one abstract share: short forms, arms, sizes, rows.
Nothing is known here of concepts: words stay words until they are linked (`kg.linking`).
"""
