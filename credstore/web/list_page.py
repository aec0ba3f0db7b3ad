"""Renders the page of the list. What surrounds the rows is kept, and used again while its inputs are the same.

The rows, the CSRF token and the banner of a run differ from response to response: they are put in where the template
left a mark.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from flask import session, url_for
from flask_wtf.csrf import generate_csrf

from credstore.accounts.roles import Role
from credstore.credential_types import CREDENTIAL_TYPES
from credstore.vault import KeyState, ListRow, Page
from credstore.vault.list_filters import STATUS_ORDER
from credstore.web import request_context
from credstore.web.list_rows import render_rows
from credstore.web.list_urls import list_arguments, list_query
from credstore.web.rendering import render_template
from credstore.web.run_banner import banner_of

MOST_KEPT = 64  # pages; each has about 6 kB
# Nobody can guess them, so that no text in a page can be taken for a mark.
_ROWS, _TOKEN, _RUN = (f"{what}-{secrets.token_hex(16)}" for what in ("rows", "token", "run"))


class KeptPages:
    """The HTML around the rows by its inputs, of the pages that were shown last."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Hashable, str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, inputs: Hashable, render: Callable[[], str]) -> str:
        """The kept page of these inputs, or a new one."""
        with self._lock:
            if (found := self._pages.get(inputs)) is not None:
                self._pages.move_to_end(inputs)
                return found
        html = render()
        with self._lock:
            self._pages[inputs] = html
            if len(self._pages) > MOST_KEPT:
                self._pages.popitem(last=False)
        return html


_kept = KeptPages()


def render_toolbar(page: Page[ListRow]) -> str:
    """The HTML of the search and the filters, with their counts."""
    return render_template("credstore/_toolbar.html", page=page, kinds=CREDENTIAL_TYPES, statuses=STATUS_ORDER)


def render_list(page: Page[ListRow], state: KeyState, changed: str) -> str:
    """The HTML of the list. `changed` is the id of a credential just changed."""
    list_path, arguments = url_for("credstore.index"), list_arguments()

    def render() -> str:
        return render_template(
            "credstore/index.html",
            page=page,
            kinds=CREDENTIAL_TYPES,
            statuses=STATUS_ORDER,
            state=state,
            rows=_ROWS,
            run_banner=_RUN,
            csrf_token=lambda: _TOKEN,
        )

    username, role = request_context.username(), request_context.role()
    services = request_context.services()
    # A message is shown once, and the layout of a host application may show anything.
    if "_flashes" in session or not services.addresses.own_site:
        html = render()
    else:
        shown = _inputs(page), state, list_path, tuple(arguments.items())
        html = _kept.get((*shown, username, role, services.brand), render)
    editable, query = role.includes(Role.EDITOR), list_query(arguments)
    rows = render_rows(page.records, f"{list_path}/", query, changed, locked=state.locked, editable=editable)
    return html.replace(_TOKEN, generate_csrf()).replace(_RUN, banner_of(page.run_id)).replace(_ROWS, rows)


def _inputs(page: Page[ListRow]) -> Hashable:
    """All that the template may read of a page."""
    counts = tuple(sorted(page.counts.items())), tuple(sorted(page.status_counts.items()))
    keys = (page.capped, page.exact, page.by_key, page.next_key, page.previous_key, page.beginnings_only)
    return page.filters, counts, page.pagination.page, page.pagination.total, len(page.records), keys
