"""Writes pictures of every state of the site in light, dark and phone, for whoever changes the CSS to look at.

Run it as `tests/gallery`. With `--readme` it writes the pictures of the README instead.
"""

import argparse
import logging
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.live_site import LiveSite, open_app
from tests.browser.page_state import PageState
from tests.browser.page_states import PAGE_STATES, furnish
from tests.browser.showcase import LIST_LOOKS, SHOWN, furnish_showcase
from tests.browser.small_png import with_palette
from tests.browser.walk import LOOKS, Look, OpenContext, visit
from tests.conftest import PASSWORD, USERNAME, close
from tests.fixtures.browsing import CHROMIUM, FLAGS, TIMEOUT, sign_in
from tests.fixtures.serving import REPO, Server, serving

README_PICTURES = REPO / "docs" / "screenshots"


def file_name(state: PageState, look: str) -> str:
    """As in "dialog-delete-many-dark.png"."""
    return f"{re.sub(r'[^a-z0-9]+', '-', state.name.lower()).strip('-')}-{look}.png"


def take_pictures(
    site: LiveSite,
    open_context: OpenContext,
    folder: Path,
    states: Sequence[PageState] = PAGE_STATES,
    looks: Mapping[str, Look] = LOOKS,
) -> Iterator[Path]:
    """One picture of each state in each look; yields their files. `site` is furnished."""
    folder.mkdir(parents=True, exist_ok=True)
    for state, tab in visit(site, open_context, states):
        for name, look in looks.items():
            tab.wear(look)
            yield _picture(tab.page, folder / file_name(state, name))


def _picture(tab: Page, file: Path) -> Path:
    """The whole page, but of an open dialog what the window shows."""
    whole = not tab.locator("dialog[open]").count()
    tab.screenshot(path=file, full_page=whole, animations="disabled")
    return file


@contextmanager
def _running_site() -> Iterator[LiveSite]:
    with tempfile.TemporaryDirectory(prefix="credstore-gallery-") as folder:
        server = Server(Path(folder) / "site")
        with serving(server, admin=(USERNAME, PASSWORD)):
            app = open_app(server)
            yield LiveSite(server, app)
            close(app)


def _contexts(browser: Browser, site: LiveSite, closing: ExitStack) -> OpenContext:
    def open_context(signed_in: bool) -> BrowserContext:
        context = closing.enter_context(browser.new_context())
        context.set_default_timeout(TIMEOUT)
        if signed_in:
            sign_in(context.new_page(), site.server, USERNAME, PASSWORD)
        return context

    return open_context


def _write(options: Any, site: LiveSite, open_context: OpenContext) -> Iterator[Path]:
    if options.readme:
        furnish_showcase(site)
        for file in take_pictures(site, open_context, options.folder or README_PICTURES, [SHOWN], LIST_LOOKS):
            file.write_bytes(with_palette(file.read_bytes()))
            yield file
        return
    chosen = [state for state in PAGE_STATES if options.only in state.name]
    furnish(site)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="gallery-"))
    yield from take_pictures(site, open_context, folder, chosen)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="tests/gallery", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="default: a new one in the system's temporary folder")
    parser.add_argument("--only", default="", metavar="WORDS", help="only states with these words in their name")
    parser.add_argument("--readme", action="store_true", help="write the pictures of the README (docs/screenshots)")
    options = parser.parse_args(words)
    logging.getLogger("credstore").setLevel(logging.CRITICAL)  # a state shows an error that is planted
    with _running_site() as site, sync_playwright() as playwright, ExitStack() as closing:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        closing.callback(browser.close)
        for file in _write(options, site, _contexts(browser, site, closing)):
            sys.stdout.write(f"{file}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
