"""What happens, one JSON object a line on standard error."""

import sys
from datetime import UTC, datetime

import msgspec


def log(event: str, **fields: object) -> None:
    """Write a line: when, what, and what belongs to it; None is left out."""
    when = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = {"time": when, "event": event, **{name: value for name, value in fields.items() if value is not None}}
    sys.stderr.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stderr.buffer.flush()
