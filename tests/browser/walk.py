"""Goes to every state of the site, in a tab that can change its looks without loading the page again."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Tab:
    """A tab whose pointer, window, colours and scripts change while the page stays."""

    page: Page
    devtools: CDPSession

    @classmethod
    def of(cls, context: BrowserContext) -> "Tab":
        page = context.new_page()
        return cls(page, context.new_cdp_session(page))

    def wear(self, look: Look) -> None:
        self.devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": look.touch})
        self.page.set_viewport_size({"width": look.width, "height": look.height})
        self.page.emulate_media(color_scheme="dark" if look.scheme == "dark" else "light")

    def run_scripts(self, on: bool) -> None:
        """Whether the page's scripts run. A context without JavaScript would not run axe either."""
        self.devtools.send("Emulation.setScriptExecutionDisabled", {"value": not on})


OpenContext = Callable[[bool], BrowserContext]  # of somebody who has signed in, or has not


def visit(
    site: LiveSite, open_context: OpenContext, states: Iterable[PageState] = PAGE_STATES
) -> Iterator[tuple[PageState, Tab]]:
    """Go to each state of a furnished site; yields it with the tab, in a wide, light window."""
    tabs: dict[bool, Tab] = {}
    for state in states:
        if state.signed_in not in tabs:
            tabs[state.signed_in] = Tab.of(open_context(state.signed_in))
        tab = tabs[state.signed_in]
        with state.prepare(site) if state.prepare else nullcontext(site) as here:
            tab.wear(LIGHT)
            tab.page.mouse.move(0, 0)
            tab.run_scripts(state.javascript)
            state.go(tab.page, here)
            yield state, tab
            if state.prepare:  # its server ends: nothing may ask it any more
                tab.page.goto("about:blank")
