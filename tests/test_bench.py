"""The benchmark runs and fills its whole table. How fast anything is, is no test's business: machines differ."""

from pathlib import Path

import pytest

from tests.bench import changes, rotation, serving
from tests.bench.__main__ import main, sizes
from tests.bench.comparison import Comparer
from tests.bench.measures import QUICK, measure
from tests.bench.report import table
from tests.fixtures.serving import ONE_WORKER, TWO_WORKERS

ROWS = 200
LINES = """\
the bare view itself
list, first page
list, middle page
list, last page
search, a rare word
search, a word in every tenth name
filter by type
filter, expires within 30 days
list, first page, not compressed
HTML of the first page
1,000 resolves in process, by Fernet and one SELECT
list, by the API, 50 credentials
use, by the API
create
create, share of the bare view's requests/s
delete 10,000, the newest
delete 50, all over the table
delete 10,000, all over the table
memory, sum of RSS
memory, sum of PSS
cold start"""


def test_every_line_of_the_table_has_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one worker, and fewer rows to delete, which is told in the name of the line."""
    assert (serving.OPTIONS[:2], changes.MANY) == (TWO_WORKERS, 10_000)
    monkeypatch.setattr(serving, "OPTIONS", (*ONE_WORKER, *serving.OPTIONS[2:]))
    monkeypatch.setattr(changes, "MANY", 1_000)
    figures = list(measure(tmp_path / "home", "", ROWS, QUICK))
    assert [figure.line for figure in figures] == LINES.replace("10,000", "1,000").splitlines()
    assert [figure for figure in figures if figure.value <= 0] == []
    head, _, *lines = table({("SQLite", ROWS): figures}).splitlines()
    assert head == "|  | SQLite, 200 rows |"
    assert lines == [f"| {figure.line} | {figure.text} |" for figure in figures]


def test_the_speed_of_a_rotation_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "SAMPLE", 100)
    ours, bare = rotation.measure(tmp_path / "home", "", ROWS)
    assert min(ours.rows_per_second, ours.processor_seconds, ours.memory_mib) > 0
    assert min(bare.rows_per_second, bare.processor_seconds) > 0


class FakeClient:
    """Takes `turns[0]` seconds for each request of the first turn and so on, and `work` seconds of processor time."""

    def __init__(self, *turns: float, work: float) -> None:
        self._turns = iter(turns)
        self._work, self._spent = work, 0.0
        self.seconds = 0.0

    def close(self) -> None:
        self.seconds = next(self._turns)

    def get(self, path: str) -> None:
        self._spent += self._work

    def processor_seconds(self) -> float:
        return self._spent


def test_a_busy_machine_is_busy_for_both() -> None:
    ours, bare = FakeClient(0.04, 4.0, 0.04, 0.04, 4.0, 0.04, work=0.375), FakeClient(0.01, 1.0, 0.01, work=0.125)
    measured = Comparer(ours, bare, rounds=3, turn_seconds=0.2).compare(lambda: ours.get("/credentials"))
    assert (measured.seconds, measured.ratio) == (0.04, 4)
    assert (measured.processor_seconds, measured.processor_ratio) == (0.375, 3)


def test_a_busy_moment_changes_one_round_of_each() -> None:
    """Ours is slow in one round, in which the bare view is not."""
    tried = (0.04, 0.04, 0.04, 0.08, 0.08, 0.08)
    ours = FakeClient(*tried, 0.04, 0.08, 4.0, 8.0, 0.04, 0.08, work=0.375)
    bare = FakeClient(*6 * [0.01], work=0.125)
    pages = {name: lambda: ours.get("/credentials") for name in ("list", "search")}
    measured = Comparer(ours, bare, rounds=3, turn_seconds=0.2).compare_each(pages)
    assert {name: comparison.ratio for name, comparison in measured.items()} == {"list": 4, "search": 8}


def test_sizes_are_written_short() -> None:
    assert sizes("250,1k,100k,1M") == [250, 1_000, 100_000, 1_000_000]


@pytest.mark.parametrize("words", [("--rows", "199"), ("--rows", "1k,"), ("--database", "oracle")])
def test_what_cannot_be_measured_is_refused(words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert words[0] in capsys.readouterr().err
