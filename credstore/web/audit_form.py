"""The filters of the page Audit log, as they are typed, and as the log takes them."""

from dataclasses import dataclass, field
from datetime import date

from werkzeug.datastructures import MultiDict

from credstore.audit import Act, AuditFilters
from credstore.public_ids import is_public_id
from credstore.web import request_context

_LARGEST = 2**62
_TEXTS = ("act", "actor", "credential", "since", "until")
_NOT_A_DAY = "Enter a day as YYYY-MM-DD."


@dataclass
class AuditForm:
    """What is in the URL. `wrong` has a sentence for each field that cannot be used."""

    typed: dict[str, str]
    before: int | None
    after: int | None
    wrong: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, args: "MultiDict[str, str]") -> "AuditForm":
        typed = {name: args.get(name, "").replace("\0", "").strip()[:255] for name in _TEXTS}
        return cls(typed, _key(args, "before"), _key(args, "after"))

    @property
    def arguments(self) -> dict[str, str]:
        """The filters for a link to another page of the log."""
        return {name: text for name, text in self.typed.items() if text}

    def filters(self) -> AuditFilters:
        """What to look for. Fills `wrong`; what is wrong is left out."""
        if self.typed["act"] and self.typed["act"] not in set(Act):
            self.wrong["act"] = "Choose one of these."
        return AuditFilters(
            act="" if "act" in self.wrong else self.typed["act"],
            actor=self.typed["actor"],
            credentials=self._credentials(),
            since=self._day("since"),
            until=self._day("until"),
        )

    def _credentials(self) -> tuple[str, ...] | None:
        text = self.typed["credential"]
        if not text:
            return None
        if is_public_id(text.lower()):
            return (text.lower(),)
        found = request_context.vault().names.ids_named(text)
        if not found:
            self.wrong["credential"] = "No credential has this name. One that was erased for good is found by its id."
        return found

    def _day(self, name: str) -> date | None:
        try:
            return date.fromisoformat(self.typed[name]) if self.typed[name] else None
        except ValueError:
            self.wrong[name] = _NOT_A_DAY
            return None


def _key(args: "MultiDict[str, str]", name: str) -> int | None:
    number = args.get(name, type=int)
    return number if number is not None and 0 <= number <= _LARGEST else None
