"""Times our server against the bare view in turns, so that a busy machine is busy for both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.client import Client

MOST_CALLS = 50  # requests of one turn


@dataclass(frozen=True)
class Turn:
    """The median time of a turn's requests, and the mean processor time that the server spent on one."""

    seconds: float
    processor_seconds: float


@dataclass(frozen=True)
class Comparison:
    """Medians over the rounds: of our turns, and of the ratios of our turn by the bare view's."""

    seconds: float
    processor_seconds: float
    ratio: float
    processor_ratio: float


@dataclass
class Comparer:
    """Each of the two has `rounds` turns, each about `turn_seconds` long and of one request at least."""

    ours: Client
    bare: Client
    rounds: int
    turn_seconds: float

    def compare(self, act: Callable[[], object]) -> Comparison:
        """`act` makes one request of `ours`."""
        return self.compare_each({"": act})[""]

    def compare_each(self, acts: Mapping[str, Callable[[], object]]) -> dict[str, Comparison]:
        """Several requests of `ours`, by name. Each round has a turn of all of them: a moment in which others use the
        machine then disturbs one or two rounds of a page, and not all rounds of one page."""
        calls = {}
        for name, act in acts.items():
            quickest = min(_turn(self.ours, act, 1).seconds for _ in range(3))  # the first may fill caches
            calls[name] = max(1, min(MOST_CALLS, int(self.turn_seconds / quickest)))
        rounds = [{name: self._turns(act, calls[name]) for name, act in acts.items()} for _ in range(self.rounds)]
        return {name: _medians([turns[name] for turns in rounds]) for name in acts}

    def compare_few(self, act: Callable[[], object], calls: int) -> Comparison:
        """The same for what cannot be repeated at will: `act` is called so often, once a turn."""
        return _medians([self._turns(act, 1) for _ in range(calls)])

    def bare_seconds(self) -> float:
        return median(self._bare_turn().seconds for _ in range(self.rounds))

    def _turns(self, act: Callable[[], object], calls: int) -> tuple[Turn, Turn]:
        """The bare view's, and ours right after it."""
        return self._bare_turn(), _turn(self.ours, act, calls)

    def _bare_turn(self) -> Turn:
        return _turn(self.bare, lambda: self.bare.get("/"), MOST_CALLS)


def _medians(pairs: Sequence[tuple[Turn, Turn]]) -> Comparison:
    return Comparison(
        seconds=median(ours.seconds for _, ours in pairs),
        processor_seconds=median(ours.processor_seconds for _, ours in pairs),
        ratio=median(ours.seconds / bare.seconds for bare, ours in pairs),
        processor_ratio=median(ours.processor_seconds / bare.processor_seconds for bare, ours in pairs),
    )


def _turn(client: Client, act: Callable[[], object], calls: int) -> Turn:
    """So many requests on one connection, which a request that does not count opens."""
    client.close()
    client.get("/healthz")
    times, started = [], client.processor_seconds()
    for _ in range(calls):
        act()
        times.append(client.seconds)
    return Turn(seconds=median(times), processor_seconds=(client.processor_seconds() - started) / calls)
