"""Print ratios of times, taken in one run on one machine. Nothing is asserted: a ratio is for a person to read."""

import os
import platform
import tempfile
from pathlib import Path

from picograph import __version__

from . import commands, exports, extraction, loading, questions, sizes, synthesis, vocabularies

with tempfile.TemporaryDirectory() as folder:
    print(
        f"picograph {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores"
    )
    for part in (commands, exports, loading, questions, sizes, synthesis, vocabularies, extraction):
        print()
        for line in part.measure(Path(folder)):
            print(line, flush=True)
