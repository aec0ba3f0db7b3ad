"""A wrapper of Flask's test client that checks the HTML of every page and fills in the CSRF token as a browser does."""

import base64
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
CELLS = frozenset({"td", "th"})
UNLABELLED = frozenset({"hidden", "submit", "button", "reset", "image"})


@dataclass(eq=False)
class Element:
    tag: str
    attrs: dict[str, str]
    parents: list["Element"]
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words)).strip()

    def within(self, tag: str) -> "Element | None":
        return next((parent for parent in reversed(self.parents) if parent.tag == tag), None)


class Document(HTMLParser):
    """Every element of a page, in order. `find` filters by tag and by attributes (`for_` for what Python reserves)."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in CELLS and self._open and self._open[-1].tag in CELLS:  # HTML lets a cell end where the next begins
            self._open.pop()
        element = Element(tag, {name: value or "" for name, value in attrs}, list(self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:  # as in SVG: <path/>
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if any(element.tag == tag for element in self._open):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.words.append(data)

    def find(self, *tags: str, **attrs: str) -> list[Element]:
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attrs.items()}
        return [
            element
            for element in self.elements
            if (not tags or element.tag in tags) and wanted.items() <= element.attrs.items()
        ]

    def form_of(self, control: Element) -> Element | None:
        """The form that a control belongs to: the one its form= names, else the one around it."""
        if name := control.attrs.get("form"):
            return next(iter(self.find("form", id=name)), None)
        return control.within("form")

    def label(self, control: Element) -> str:
        """The name that a screen reader says, as far as aria-label and aria-labelledby give it."""
        pointed = [
            element for name in control.attrs.get("aria-labelledby", "").split() for element in self.find(id=name)
        ]
        return " ".join(element.text for element in pointed) or control.attrs.get("aria-label", "")

    def column(self, number: int) -> list[Element]:
        """The cells of a column of the table's body, counted from 1."""
        cells = [cell for cell in self.find("td", "th") if cell.within("tbody")]
        rows = [[cell for cell in cells if cell.within("tr") is row] for row in self.find("tr")]
        return [row[number - 1] for row in rows if row]

    @property
    def text(self) -> str:
        return " ".join(element.text for element in self.find("body"))


def lint(document: Document) -> list[str]:
    """What is wrong with a whole page, in words."""
    return [*_frame(document), *_inline(document), *_labels(document), *_forms(document)]


def _frame(document: Document) -> Iterator[str]:
    if not any(title.text for title in document.find("title") if title.within("svg") is None):
        yield "the page has no title"
    if not any(element.attrs.get("lang") for element in document.find("html")):
        yield "<html> has no lang"
    ids = [element.attrs["id"] for element in document.elements if "id" in element.attrs]
    yield from (f"the id {name!r} is used {ids.count(name)} times" for name in sorted(set(ids)) if ids.count(name) > 1)


def _inline(document: Document) -> Iterator[str]:
    for element in document.elements:
        if element.tag == "style" or (element.tag == "script" and not element.attrs.get("src")):
            yield f"an inline <{element.tag}>"
        for name, value in element.attrs.items():
            leads = name in {"href", "src", "action", "formaction"}
            if name == "style" or name.startswith("on") or (leads and value.strip().lower().startswith("javascript:")):
                yield f"an inline {name}= on <{element.tag}>"


def _labels(document: Document) -> Iterator[str]:
    named = {label.attrs["for"] for label in document.find("label") if "for" in label.attrs}
    ids = {element.attrs.get("id") for element in document.elements}
    for control in document.find("input", "select", "textarea"):
        attrs = control.attrs
        pointers = set(attrs.get("aria-labelledby", "").split())
        if attrs.get("type", "text").lower() in UNLABELLED or attrs.get("aria-label", "").strip():
            continue
        if not (attrs.get("id") in named or (pointers and pointers <= ids) or control.within("label")):
            yield f"<{control.tag} name={attrs.get('name')!r}> has no label"


def _forms(document: Document) -> Iterator[str]:
    tokens = [document.form_of(token) for token in _filled_tokens(document)]
    for form in document.find("form"):
        method = form.attrs.get("method", "get").lower()
        if method != "dialog" and not form.attrs.get("action"):
            yield f"a form (method {method}) has no action"
        if method == "post" and form not in tokens:
            yield f"the form to {form.attrs.get('action')!r} has no csrf_token"


def _filled_tokens(document: Document) -> list[Element]:
    return [token for token in document.find("input", name="csrf_token") if token.attrs.get("value")]


def disguises(secret: str) -> set[str]:
    """A secret as it is, escaped for HTML, quoted for a URL, and in base64."""
    packed = base64.b64encode(secret.encode()).decode().rstrip("=")
    return {secret, html.escape(secret), quote(secret, safe=""), packed}


class Page:
    """A person at the test client. `document` is the last page seen; `canaries` must appear in no answer."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.canaries: set[str] = set()
        self.document: Document | None = None

    def get(self, url: str, *, status: int | None = 200, follow: bool = False, **options: Any) -> TestResponse:
        """GET, expecting `status` (None: any). Other options go to the test client: `headers`, `query_string`, …"""
        return self._seen(self.client.get(url, follow_redirects=follow, **options), status)

    def post(
        self,
        url: str,
        data: Mapping[str, Any] | None = None,
        *,
        status: int | None = 303,
        follow: bool = False,
        **options: Any,
    ) -> TestResponse:
        """POST a form, with the token of the last page unless `data` has one (or json= is sent)."""
        if "json" not in options:
            filled = dict(data or {})
            filled.setdefault("csrf_token", self._token(url))
            options["data"] = filled
        response = self.client.post(url, follow_redirects=follow, **options)
        return self._seen(response, 200 if follow and status == 303 else status)

    def sign_in(self, username: str, password: str) -> None:
        self.get("/login")
        self.post("/login", {"username": username, "password": password})

    @property
    def text(self) -> str:
        assert self.document is not None, "no page has been fetched yet"
        return self.document.text

    def _token(self, url: str) -> str:
        document = self.document
        assert document is not None, f"fetch the page with the form before posting to {url}"
        tokens = _filled_tokens(document)
        assert tokens, f"the last page has no csrf_token to post to {url}"

        def leads_here(token: Element) -> bool:
            form = document.form_of(token)
            return form is not None and urlsplit(form.attrs.get("action", "")).path == urlsplit(url).path

        return next(filter(leads_here, tokens), tokens[0]).attrs["value"]

    def _seen(self, response: TestResponse, status: int | None) -> TestResponse:
        where = f"{response.request.method} {response.request.path} -> {response.status_code}"
        assert status is None or response.status_code == status, f"{where}, not {status}: {_excerpt(response)}"
        self._look_for_canaries(response, where)
        if response.mimetype == "text/html" and not 300 <= response.status_code < 400 and response.data:
            self.document = Document(response.text)
            faults = lint(self.document)
            assert not faults, f"{where}: {'; '.join(faults)}"
        return response

    def _look_for_canaries(self, response: TestResponse, where: str) -> None:
        response_text = response.get_data().decode("utf-8", "replace") + str(response.headers)
        found = [secret for secret in self.canaries if any(form in response_text for form in disguises(secret))]
        assert not found, f"{where}: {len(found)} planted secret(s) came back"


def _excerpt(response: TestResponse) -> str:
    return Document(response.text).text[:600] if response.mimetype == "text/html" else response.text[:600]
