"""The JSON of credentials as text, kept while their records are the same objects: see `vault.kept_records`."""

import json
from collections.abc import Sequence

from credstore.vault import Record
from credstore.web.api.serializers import credential_answer

MOST_KEPT = 512


class KeptTexts:
    """Threads may share it."""

    def __init__(self) -> None:
        self._texts: dict[int, tuple[Record, str]] = {}

    def text(self, record: Record) -> str:
        """Found by the identity of the record, which is kept with its text: no other object can have its id."""
        kept = self._texts.get(id(record))
        if kept is None:
            if len(self._texts) >= MOST_KEPT:
                self._texts.clear()
            kept = self._texts[id(record)] = (record, dump(credential_answer(record)))
        return kept[1]


def dump(content: object) -> str:
    """JSON without blanks."""
    return json.dumps(content, separators=(",", ":"), sort_keys=True)


_kept = KeptTexts()


def page_text(records: Sequence[Record], **more: object) -> str:
    """The JSON of an object that has the records as `items`, and `more`."""
    items = ",".join(map(_kept.text, records))
    return f'{{"items":[{items}],{dump(more)[1:]}'
