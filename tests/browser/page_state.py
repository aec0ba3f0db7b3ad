"""A state of the site that is worth looking at: where it is, and how a person gets there."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.live_site import LiveSite

FEW = "?type=llm&q=model+1"  # a dozen rows with all outcomes: enough to look at
NONE = "?q=nobody"  # enough behind a dialog

Go = Callable[[Page, LiveSite], None]
Prepare = Callable[[LiveSite], AbstractContextManager[LiveSite]]


@dataclass(frozen=True)
class PageState:
    """Somewhere to go; `go` starts anywhere on a full site. Without `signed_in` nobody is.

    `javascript` says whether scripts run on the way there. `prepare` is for a state that needs a site of its own: given
    the full one, it gives the site to visit, and ends it afterwards. See `site_copy.copied`.
    """

    name: str
    go: Go
    signed_in: bool = True
    javascript: bool = True
    prepare: Prepare | None = None
