"""Creating and deleting, through the pages' own forms."""

from collections.abc import Iterator, Sequence
from itertools import count

from tests.bench.client import Client
from tests.bench.comparison import Comparer
from tests.bench.data import add_copies, newest_ids, some_ids
from tests.bench.figures import Figure, ratio_figure, times
from tests.fixtures.serving import Server

FEW, MANY = 50, 10_000


def measure_creates(client: Client, comparer: Comparer) -> Iterator[Figure]:
    numbers = count(1)
    form = {"type": "llm", "llm-provider_type": "openai_compatible", "llm-base_url": "https://llm.example.com/v1"}

    def create() -> None:
        number = next(numbers)
        own = {"name": f"Created {number}", "llm-api_key": f"sk-created-{number:040}"}
        client.post("/credentials/new", form | own, 303)

    measured = comparer.compare(create)
    yield ratio_figure("create", measured)
    yield Figure("create, share of the bare view's requests/s", 1 / measured.ratio, f"{100 / measured.ratio:.2g} %")


def measure_deletes(server: Server, client: Client, comparer: Comparer, each: int) -> Iterator[Figure]:
    """As many rows as are deleted here are added first; those that are deleted are the newest, or from all over."""
    add_copies(server, each * (MANY + FEW + MANY))
    for name, number, choose in (
        ("the newest", MANY, newest_ids),
        ("all over the table", FEW, some_ids),
        ("all over the table", MANY, some_ids),
    ):
        ids = choose(server, each * number)
        parts = [ids[start : start + number] for start in range(0, len(ids), number)]
        measured = comparer.compare_few(lambda: _delete(client, parts.pop()), each)  # noqa: B023
        text = f"{measured.seconds:.3g} s, {measured.processor_seconds:.3g} s of processor time"
        yield Figure(f"delete {number:,}, {name}", measured.seconds, f"{text} ({times(measured.ratio)})")


def _delete(client: Client, ids: Sequence[str]) -> None:
    answer = client.post("/credentials/delete", {"ids": " ".join(ids)}, 200, accept="application/json")
    assert (answer["deleted"], answer["missing"]) == (len(ids), 0)
