"""The calls of the client that say which workflows use a credential, so that nobody deletes it unasked."""

from collections.abc import Iterable, Iterator
from typing import Any

from credstore.client.connection import Connection
from credstore.client.records import Reference, items_of, unexpected_answer


class ReferenceCalls:
    """Scope of all of them: references. A credential is named by its id."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def references(self, credential: str) -> Iterator[Reference]:
        """Who uses a credential, page after page."""
        number, pages = 1, 1
        while number <= pages:
            page = self._connection.send("GET", _of(credential), query={"page": str(number)})
            yield from _references(page)
            found = page.get("pages", 1)
            if not isinstance(found, int):
                raise unexpected_answer()
            number, pages = number + 1, found

    def references_of_consumer(self, consumer: str) -> list[Reference]:
        """What a consumer uses."""
        return _references(self._connection.send("GET", "/references", query={"consumer": consumer}))

    def put_reference(
        self, credential: str, consumer: str, node: str = "", *, label: str = "", link: str = ""
    ) -> Reference:
        """Register that a node of a consumer uses a credential. A second time it replaces label and link, no more."""
        body = {"consumer": consumer, "node": node, "label": label, "link": link}
        return Reference.from_json(self._connection.send("PUT", _of(credential), body=body))

    def replace_references(self, consumer: str, references: Iterable[Reference]) -> list[Reference]:
        """Make these all references of a consumer, in one transaction."""
        given = [
            {"credential": one.credential, "node": one.node, "label": one.label, "link": one.link} for one in references
        ]
        return _references(
            self._connection.send("PUT", "/references", body={"consumer": consumer, "references": given})
        )

    def remove_reference(self, credential: str, consumer: str, node: str = "") -> bool:
        """Whether it was there. To remove it twice is no error."""
        query = {"consumer": consumer, "node": node}
        return bool(self._connection.send("DELETE", _of(credential), query=query).get("removed"))


def _of(credential: str) -> str:
    return f"/credentials/{credential}/references"


def _references(answer: dict[str, Any]) -> list[Reference]:
    return [Reference.from_json(one) for one in items_of(answer)]
