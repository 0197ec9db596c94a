"""A set of PubMed's articles taken apart: by the marks where articles begin and end, a piece of the file at a time.

Nothing is parsed here, so a damaged article does not take those after it along, and memory does not grow with the file.
"""

import codecs
import io
import re
from collections.abc import Iterator

from picograph.kg.readers import unpacked
from picograph.ontology.errors import InputError

LARGEST = 1 << 26  # bytes of one article: the largest real ones, with thousands of authors, have some millions
_CHUNK = 1 << 16
_BEGIN = re.compile(rb"<(PubmedArticle|PubmedBookArticle|DeleteCitation)(?=[\s/>])(?:[^<>]*/>)?")
_LONGEST_MARK = 64  # bytes that may be the beginning of a mark
_PMID = re.compile(rb"<PMID\b[^<>]*>\s*([0-9]+)\s*<")
# what may stand between articles: white space, comments, instructions, the marks of the set, declarations
_BETWEEN = re.compile(
    rb"(?:\s++|<!--.*?-->|<\?.*?\?>|</?PubmedArticleSet\b[^<>]*+>|<!DOCTYPE[^<>\[\]]*+>)*+", re.DOTALL
)
_CLOSED = re.compile(rb"</PubmedArticleSet\s*>|<PubmedArticleSet\b[^<>]*/>")
_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_NAMED = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);|#)")
DOCTYPE = b'<!DOCTYPE PubmedArticle SYSTEM "pubmed.dtd">\n'  # without which an entity may not be named

Record = tuple[str, bytes | InputError]
_DAMAGED = "see whether the download was complete: fetch the file again"


class Articles:
    """The articles of one stream.

    :param head: what was read of it already
    :param name: what errors call it
    :raises InputError: if it says that it is in an encoding that is not known
    """

    def __init__(self, stream: io.BufferedIOBase, head: bytes, name: str, root: bytes) -> None:
        self.stream, self.name, self.in_set = stream, name, root == b"PubmedArticleSet"
        self.decoder = _decoder(head, name)
        self.buffer = bytearray(self._utf8(head.removeprefix(codecs.BOM_UTF8)))
        self.line, self.found = 1, 0  # of the buffer's first byte; how many articles so far
        self.ended = self.closed = False  # whether the stream has ended, and whether the set has
        self.skipping = False  # whether what stands before the next article is the rest of one that is too large
        self.failure: InputError | None = None

    def records(self) -> Iterator[Record]:
        """Give each article as bytes, and what is wrong between them."""
        while True:
            begin = self._next_begin()
            start = len(self.buffer) if begin is None else begin[0]
            yield from self._between(bytes(self.buffer[:start]))
            if begin is None:
                break
            self._forget(start)
            yield from self._article(*begin[1:])
        if self.failure:
            yield self.failure.where, self.failure
        elif self.in_set and not self.closed:
            yield self._wrong("the file ends in the middle of the set", at=len(self.buffer))
        elif not self.found:
            yield (
                self.name,
                InputError("the set holds no article", where=self.name, remedy="see whether the search found any"),
            )

    def _next_begin(self) -> tuple[int, bytes, int] | None:
        """Find where the next article begins, reading on; None where there is no more.

        :returns: where; its tag; where it ends, if it ends at once
        """
        at = 0
        while True:
            begin = _BEGIN.search(self.buffer, at)
            if begin is not None and (self.ended or len(self.buffer) - begin.start() >= _LONGEST_MARK):
                break
            at = max(0, len(self.buffer) - _LONGEST_MARK) if begin is None else begin.start()
            begin = None  # a buffer that is looked at cannot grow
            if not self._more() and _BEGIN.search(self.buffer, at) is None:
                return None
        return begin.start(), begin[1], len(begin[0]) if begin[0].endswith(b"/>") else -1

    def _between(self, words: bytes) -> Iterator[Record]:
        self.closed = self.closed or _CLOSED.search(words) is not None
        if self.skipping:
            self.skipping = False
            return
        first = _DECLARED.match(words) if not self.found and self.line == 1 else None
        match = _BETWEEN.fullmatch(words, first.end() if first else 0)
        if match is None and not (self.ended and not self.closed):
            yield self._wrong("something else than an article stands here")

    def _article(self, tag: bytes, end: int) -> Iterator[Record]:
        """Give the article with which the buffer begins."""
        if end < 0:
            mark, again = b"</%s>" % tag, re.compile(rb"<%s(?=[\s/>])" % tag)
            at = 1
            while True:
                close = self.buffer.find(mark, at)
                other = _start(again.search(self.buffer, at, close if close >= 0 else len(self.buffer)))
                if other >= 0:
                    yield self._wrong("an article is cut off")
                    self._forget(other)
                    return
                if close >= 0:
                    end = close + len(mark)
                    break
                at = max(1, len(self.buffer) - _LONGEST_MARK)
                if len(self.buffer) > LARGEST:
                    yield self._wrong(f"an article has more than {LARGEST:,} bytes")
                    self._forget(at)
                    self.skipping = True
                    return
                if not self._more():
                    if not self.in_set and not self.failure:
                        yield self._wrong("the file ends in the middle of an article", at=len(self.buffer))
                    self._forget(len(self.buffer))
                    return
        article = bytes(self.buffer[:end])
        self.found += 1
        if tag == b"DeleteCitation":
            for pmid in _PMID.findall(article):
                what = f"PubMed has withdrawn its record PMID {pmid.decode()}"
                remedy = "nothing is taken out of the store: see whether it holds that record"
                yield self._where(), InputError(what, where=self._where(), remedy=remedy)
        else:
            pmid = _PMID.search(article)
            where = self._where() + (f", PMID {pmid[1].decode()}" if pmid else "")
            yield where if self.in_set else self.name, (DOCTYPE if _NAMED.search(article) else b"") + article
        self._forget(end)

    def _where(self) -> str:
        return f"{self.name}, line {self.line}"

    def _wrong(self, what: str, at: int = 0) -> Record:
        line = self.line + self.buffer.count(b"\n", 0, at)
        where = f"{self.name}, line {line}, after {self.found} articles"
        return where, InputError(what, where=where, remedy=_DAMAGED)

    def _forget(self, end: int) -> None:
        self.line += self.buffer.count(b"\n", 0, end)
        del self.buffer[:end]

    def _more(self) -> bool:
        """Read on; False at the end."""
        if self.ended:
            return False
        try:
            chunk = self.stream.read1(_CHUNK)
        except unpacked.BROKEN as error:
            chunk, self.failure = b"", unpacked.broken(error, f"{self.name}, after {self.found} articles")
        self.ended = not chunk
        self.buffer += self._utf8(chunk)
        return bool(chunk)

    def _utf8(self, chunk: bytes) -> bytes:
        return self.decoder.decode(chunk).encode() if self.decoder else chunk


def _start(match: re.Match[bytes] | None) -> int:
    """Give where a match begins, or -1. The match itself must not be kept: a buffer cannot grow while it is."""
    return match.start() if match else -1


_DECLARED = re.compile(
    rb"\s*(?:<\?xml.*?\?>)?(?:\s++|<!--.*?-->|<\?.*?\?>)*+<!DOCTYPE[^<>\[]*+\[[^\]]*+\]\s*>", re.DOTALL
)


def _decoder(head: bytes, name: str) -> codecs.IncrementalDecoder | None:
    """Give what decodes a file that is not in UTF-8."""
    stated = _ENCODING.match(head.removeprefix(codecs.BOM_UTF8))
    if stated is None or stated[1].lower() in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
        return None
    try:
        return codecs.getincrementaldecoder(stated[1].decode())("replace")
    except LookupError:
        raise InputError(
            f"the encoding {stated[1].decode()!r} is not known", where=name, remedy="save the file as UTF-8"
        ) from None
