"""One cell of the table, and how numbers are written in it."""

from dataclasses import dataclass

from tests.bench.comparison import Comparison


@dataclass(frozen=True)
class Figure:
    """`line` names the line of the table, `value` is the number that counts, `text` is how it is shown."""

    line: str
    value: float
    text: str


def ratio_figure(line: str, measured: Comparison) -> Figure:
    """The ratio of times, and in parentheses that of processor times."""
    return Figure(line, measured.ratio, f"{times(measured.ratio)} ({times(measured.processor_ratio)})")


def times(ratio: float) -> str:
    """A ratio as in "4.2x" or "1,234x"."""
    return f"{ratio:,.1f}x" if ratio < 10 else f"{ratio:,.0f}x"
