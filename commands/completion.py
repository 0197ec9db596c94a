"""What a shell completes: click's own machinery, with values from the store and the vocabularies.

bash gets a function of our own, because click's takes a colon for the end of a word, and names have blanks.
"""

import json
import os
import re
import select
import time
from collections.abc import Callable, Iterable, Iterator

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class, split_arg_string

_SECONDS = 1.0  # after which there is nothing to offer
_BASH = """\
%(complete_func)s() {
    local response kind value
    COMPREPLY=()
    response=$(COMP_LINE="${COMP_LINE:0:COMP_POINT}" %(complete_var)s=bash_complete "$1" 2>/dev/null)
    while IFS=, read -r kind value; do
        if [[ $kind == dir ]]; then
            compopt -o dirnames
        elif [[ $kind == file ]]; then
            compopt -o default
        elif [[ $kind == plain ]]; then
            COMPREPLY+=("$value")
        fi
    done <<< "$response"
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""
_BREAKS = ":=@"  # where bash begins a word anew, besides blanks and quotes
_SPECIAL = re.compile(r"[^\w@%+=:,./-]", re.ASCII)


class Bash(BashComplete):
    """Completion for bash in which a colon is a character like any other, and names with blanks are quoted."""

    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Give the words before the cursor, and the one that is begun."""
        line = os.environ["COMP_LINE"]
        self._begun = line[_last_word(line) :]
        words = split_arg_string(line[: len(line) - len(self._begun)])[1:]
        return words, "".join(split_arg_string(self._begun)[:1])

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Write what bash is to put in place of its own last word."""
        value = str(item.value)
        if item.type != "plain" or self._begun.startswith(('"', "'")):
            return f"{item.type},{value}"
        quoted = _SPECIAL.sub(lambda match: "\\" + match[0] if match[0].isascii() else match[0], value)
        keep = max(self._begun.rfind(each) for each in _BREAKS) + 1
        if self._begun.startswith("--") and "=" in self._begun:  # an option with its value: click gives the value
            keep -= self._begun.index("=") + 1
        return f"plain,{quoted[max(keep, 0) :]}"


add_completion_class(Bash)


def _last_word(line: str) -> int:
    """Find where the last word of a line begins: at its end, where it ends with a blank that is not quoted."""
    start, quote, index = 0, "", 0
    while index < len(line):
        character = line[index]
        if character == "\\" and quote != "'":
            index += 1
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character.isspace():
            start = index + 1
        index += 1
    return start


def begins(names: Iterable[str], begun: str) -> list[CompletionItem[str]]:
    """Offer the names that begin as typed."""
    return [CompletionItem(name) for name in names if name.startswith(begun)]


def offered(kind: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem[str]]]:
    """Give what completes a parameter of a kind."""

    def complete(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem[str]]:
        found = _in_time(lambda: list(_values(ctx, kind, begun)))
        once = {value.casefold(): (value, told) for value, told in reversed(found)}  # the first spelling of each
        return [CompletionItem(value, help=told or None) for value, told in reversed(once.values())]

    return complete


def _values(ctx: click.Context, kind: str, begun: str) -> Iterator[tuple[str, str]]:
    from itertools import islice

    from picograph.kg.store import open_store
    from picograph.queries import completion

    named = _given(ctx, "store")
    if named and "://" in named:  # a key was pressed, and no question asked: no server is bothered
        from picograph.ontology.words import SHIPPED

        if kind in completion.OF_CONCEPTS:
            yield from islice(completion.concepts(SHIPPED, begun), completion.MOST)
        return
    with open_store(named) as store:
        if store.exists():
            if kind == "study":
                yield from ((each, "") for each in completion.studies(store, begun))
            elif kind == "arm":
                yield from ((each, "") for each in completion.arms(store, begun, _given(ctx, "study")))
            else:
                yield from ((each, "") for each in completion.words_of(store, kind, begun))
        if kind in completion.OF_CONCEPTS:
            yield from islice(completion.concepts(store.words, begun), completion.MOST)


def _given(ctx: click.Context | None, name: str) -> str | None:
    """Give what was typed for an option, before the name of the question or behind it."""
    while ctx is not None:
        if value := ctx.params.get(name):
            return str(value)
        ctx = ctx.parent
    return None


def _in_time(find: Callable[[], list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Find what to offer, in a process that is ended when it takes long: the engine cannot be stopped otherwise."""
    if not hasattr(os, "fork"):
        return _quietly(find)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with os.fdopen(writing, "wb") as file:
                file.write(json.dumps(_quietly(find)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    said, end = b"", time.monotonic() + _SECONDS
    while select.select([reading], [], [], max(end - time.monotonic(), 0))[0]:
        piece = os.read(reading, 65536)
        if not piece:
            break
        said += piece
    os.close(reading)
    os.kill(child, 9)
    os.waitpid(child, 0)
    try:
        return [(value, told) for value, told in json.loads(said)]
    except ValueError:  # it was ended before it had said all
        return []


def _quietly(find: Callable[[], list[tuple[str, str]]]) -> list[tuple[str, str]]:
    try:
        return find()
    except Exception:  # what is wrong, the command says when it runs
        return []
