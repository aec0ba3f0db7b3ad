"""Goes to every state of the site, in a tab that can change its looks without loading the page again."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import groupby

from playwright.sync_api import BrowserContext, CDPSession, Page

from tests.browser.live_site import LiveSite
from tests.browser.page_state import PageState
from tests.browser.page_states import PAGE_STATES


@dataclass(frozen=True)
class Look:
    """A window: `scheme` is light or dark; with `touch` the pointer is a finger."""

    width: int
    height: int
    scheme: str = "light"
    touch: bool = False


LIGHT = Look(1440, 900)
DARK = Look(1440, 900, "dark")
PHONE = Look(390, 844, touch=True)
LOOKS = {"light": LIGHT, "dark": DARK, "phone": PHONE}


@dataclass
class Tab:
    """A tab whose pointer, window, colours and scripts change while the page stays."""

    page: Page
    devtools: CDPSession
    worn: Look | None = None

    @classmethod
    def of(cls, context: BrowserContext, page: Page | None = None) -> "Tab":
        """`page` is one of the context; without it a new one."""
        page = page or context.new_page()
        return cls(page, context.new_cdp_session(page))

    def wear(self, look: Look) -> None:
        """Each property is sent if it changes: it takes a way to the browser and a new layout."""
        worn, self.worn = self.worn, look
        if not worn or worn.touch != look.touch:
            self.devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": look.touch})
        if not worn or (worn.width, worn.height) != (look.width, look.height):
            self.page.set_viewport_size({"width": look.width, "height": look.height})
        if not worn or worn.scheme != look.scheme:
            self.page.emulate_media(color_scheme="dark" if look.scheme == "dark" else "light")

    def run_scripts(self, on: bool) -> None:
        """Whether the page's scripts run. A context without JavaScript would not run axe either."""
        self.devtools.send("Emulation.setScriptExecutionDisabled", {"value": not on})


OpenContext = Callable[[bool], BrowserContext]  # of somebody who has signed in, or has not


def visit(
    site: LiveSite, open_context: OpenContext, states: Iterable[PageState] = PAGE_STATES
) -> Iterator[tuple[PageState, Tab]]:
    """Go to each state of a furnished site; yields it with the tab, in a wide, light window.

    States in a row that need the same site of their own share it.
    """
    tabs: dict[bool, Tab] = {}
    for prepare, group in groupby(states, lambda state: state.prepare):
        with prepare(site) if prepare else nullcontext(site) as here:
            for state in group:
                if state.signed_in not in tabs:
                    tabs[state.signed_in] = Tab.of(open_context(state.signed_in))
                tab = tabs[state.signed_in]
                tab.wear(LIGHT)
                tab.page.mouse.move(0, 0)
                tab.run_scripts(state.javascript)
                state.go(tab.page, here)
                if not state.javascript:  # such a page may load itself again, in the middle of what is done to it
                    tab.page.evaluate("stop()")
                yield state, tab
                if prepare:  # its server ends: nothing may ask it any more
                    tab.page.goto("about:blank")
