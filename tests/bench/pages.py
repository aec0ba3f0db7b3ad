"""The list: every way to look at it, and how large its page is."""

import gzip
import re
from collections.abc import Iterator
from functools import partial

from tests.bench.client import Client
from tests.bench.comparison import Comparer
from tests.bench.copies import RARE_WORD
from tests.bench.figures import Figure, ratio_figure
from tests.bench.originals import COMMON_WORD

PER_PAGE = 50
_LINK = re.compile(rb"/credentials/[0-9a-f]{8}-")  # to one credential


def measure_pages(client: Client, comparer: Comparer, rows: int) -> Iterator[Figure]:
    last = -(-rows // PER_PAGE)
    addresses = {
        "list, first page": "/credentials",
        "list, middle page": f"/credentials?page={last // 2}",
        "list, last page": f"/credentials?page={last}",
        "search, a rare word": f"/credentials?q={RARE_WORD}",
        "search, a word in every tenth name": f"/credentials?q={COMMON_WORD}",
        "filter by type": "/credentials?type=git",
        "filter, expires within 30 days": "/credentials?expiring=30",
    }
    for address in addresses.values():
        assert _LINK.search(client.get(address, "identity")), f"{address} shows no rows"
    acts = {line: partial(client.get, address) for line, address in addresses.items()}
    acts["list, first page, not compressed"] = partial(client.get, "/credentials", "identity")
    for line, measured in comparer.compare_each(acts).items():
        yield ratio_figure(line, measured)
    page = client.get("/credentials", "identity")
    zipped = len(gzip.compress(page, 6))
    yield Figure("HTML of the first page", len(page), f"{len(page) / 1000:.0f} kB, gzip {zipped / 1000:.1f} kB")
