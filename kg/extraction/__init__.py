"""Abstract text -> facts with the places of their words, by rules that are written down.

A text goes through these steps, each a module, each usable alone:

    text      signs in one spelling; sections; sentences
    tokens    words and signs, each with its sort (one letter)
    numbers   mentions: numbers typed by the words right around them (count, per cent, median, interval, p…)
    page      all of that for one abstract: `read_page`

Nothing is known here of concepts: words stay words until they are linked (`kg.linking`).
"""
