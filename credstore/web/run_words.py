"""What pages say of a run of many tests: its state, its results in numbers, the title of the tab, what is announced."""

from dataclasses import dataclass

from credstore.probe import Outcome
from credstore.vault import Group, Run
from credstore.web.formatting import with_noun

_STATES = {"running": "Testing", "done": "Tested", "cancelled": "Cancelled", "interrupted": "Interrupted"}
_GROUPS = {Group.FAILED: "failed", Group.UNCLEAR: "not clear", Group.PASSED: "passed", Group.UNTESTED: "not tested"}
_SUMMARY_ORDER = (Group.PASSED, Group.FAILED, Group.UNCLEAR, Group.UNTESTED)


@dataclass(frozen=True, slots=True)
class RunWords:
    """The words for a run, as templates use them."""

    run: Run

    @property
    def state(self) -> str:
        return _STATES[self.run.state]

    @property
    def progress(self) -> str:
        """ "Testing 12 of 50"."""
        return f"{self.state} {self.run.done:,} of {self.run.total:,}"

    @property
    def summary(self) -> str:
        """ "12 verified, 3 rejected"; "" while nothing is known."""
        known = {outcome.value: outcome.label for outcome in Outcome}
        words = [
            f"{number:,} {_in_sentence(known.get(outcome, 'Deleted'))}"
            for group in _SUMMARY_ORDER
            for outcome, number in sorted(self.run.counts.items(), key=lambda item: [*known, item[0]].index(item[0]))
            if Group.of(outcome) is group
        ]
        left = self.run.number_of(Group.UNTESTED)
        if left and not self.run.running:
            words.append(f"{left:,} not tested")
        return ", ".join(words)

    @property
    def title(self) -> str:
        """The title of the tab: the progress, then the result."""
        if self.run.running:
            return f"({self.run.done}/{self.run.total}) Test run"
        failed = self.run.number_of(Group.FAILED)
        result = f"{failed:,} failed" if failed else "no failures"
        ended = "" if self.run.state == "done" else f" {self.state.lower()}"
        return f"Test run{ended}: {result}"

    @property
    def announced(self) -> str:
        """For screen readers. While the run goes on it changes at each quarter only."""
        if self.run.running:
            quarters = self.run.done * 4 // max(1, self.run.total)
            return f"Testing: {quarters * 25} % done"
        return f"{self.state}: {self.run.done:,} of {self.run.total:,}. {self.summary}."

    @property
    def mark(self) -> str:
        """The icon of the whole run."""
        if self.run.running:
            return "none"
        if self.run.number_of(Group.FAILED):
            return "fail"
        return "pass" if self.run.number_of(Group.PASSED) == self.run.total else "unsure"

    @property
    def took(self) -> str:
        """How long a run took that ended: "took 4 s", "took 12 min"."""
        if not self.run.ended_at:
            return ""
        seconds = int((self.run.ended_at - self.run.started_at).total_seconds())
        for unit, word in ((3600, "h"), (60, "min")):
            if seconds >= 2 * unit:
                return f"took {seconds // unit} {word}"
        return f"took {max(1, seconds)} s"

    @property
    def groups(self) -> list[tuple[Group, int, str]]:
        """The groups that are not empty: (group, number, name)."""
        numbers = [(group, self.run.number_of(group)) for group in Group]
        return [(group, number, self.name_of(group)) for group, number in numbers if number]

    def name_of(self, group: Group) -> str:
        return "waiting" if group is Group.UNTESTED and self.run.running else _GROUPS[group]

    def again(self, group: Group) -> str:
        """The button that starts a run of one group; "" where there is none."""
        number = self.run.number_of(group)
        if self.run.running or group is Group.PASSED or not number:
            return ""
        what = "this one" if number == 1 else f"these {number:,}"
        return f"Test {what}" + ("" if group is Group.UNTESTED else " again")

    @property
    def tested_what(self) -> str:
        return self.run.scope or with_noun(self.run.total, "credential")


def _in_sentence(label: str) -> str:
    """A label inside a list of words: "Accepted, limited" is "accepted (limited)"."""
    first, _, more = label.partition(", ")
    return first[0].lower() + first[1:] + (f" ({more})" if more else "")
