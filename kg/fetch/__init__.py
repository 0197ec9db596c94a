"""Download records politely, into files that ``load`` reads: one module per public service.

`clinicaltrials.fetch` writes JSON lines, `pubmed.fetch` a folder of XML files. Nothing is asked of any server until one
of them is called, and then only of the address in ``base_url``. A fetch may be stopped at any moment and goes on
where it stopped; what it leaves is what a fetch without a stop would have left.
"""

from picograph.kg.fetch.files import Fetched
from picograph.kg.fetch.http import Manners

__all__ = ["Fetched", "Manners"]
