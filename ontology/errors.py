"""Every error that a user can cause, in one tree.

PicographError              what, where, try; exit code 1
├── InputError              a file that cannot be taken as it is
│   ├── EvidenceError       a place, a source or a checksum that does not hold
│   └── RecordError         a record with facts that cannot be true
├── UsageError              a parameter or name that does not exist; exit code 2
└── StoreError              a store or endpoint that cannot be reached or written; exit code 3
"""

from typing import Any


class PicographError(Exception):
    """An error with what is wrong, where it was met, and what to try next.

    >>> print(PicographError("80 participants affected out of 71 at risk", where="line 4", remedy="count again"))
    80 participants affected out of 71 at risk
      where: line 4
      try:   count again
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", remedy: str = "", pointer: str | None = None) -> None:
        """Say it.

        :param pointer: where in a record it was met: a JSON pointer, or characters as START-END
        """
        super().__init__(what)
        self.what, self.where, self.remedy, self.pointer = what, where, remedy, pointer

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), vars(self))

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append("  where: " + self.where)
        if self.remedy:
            lines.append("  try:   " + self.remedy)
        return "\n".join(lines)


def _again(cls: type[PicographError], fields: dict[str, Any]) -> PicographError:
    """Make an error again that another process raised."""
    error = cls.__new__(cls, fields["what"])
    vars(error).update(fields)
    return error


class InputError(PicographError):
    """A file or a value that cannot be taken as it is."""


class EvidenceError(InputError):
    """A place, a source or a checksum that does not hold."""


class RecordError(InputError):
    """A record whose facts cannot all be true; ``problems`` has each one."""

    def __init__(self, problems: "list[PicographError]") -> None:
        self.problems = problems
        first = problems[0]
        super().__init__(first.what, where=first.where, remedy=first.remedy, pointer=first.pointer)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class UsageError(PicographError):
    """A parameter, name or option that does not exist or does not fit."""

    exit_code = 2


class StoreError(PicographError):
    """A store or endpoint that cannot be reached, read or written."""

    exit_code = 3
