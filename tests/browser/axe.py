"""Runs axe, the accessibility checker, over what a person sees just now."""

from collections.abc import Iterator

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe_faults(tab: Page) -> Iterator[str]:
    """Every rule in light; in dark only the contrast, which is all that differs. Of an open dialog only itself."""
    where = "dialog" if tab.locator("dialog[open]").count() else None
    for scheme, only in (("light", RULES), ("dark", ["color-contrast"])):
        tab.emulate_media(color_scheme=scheme)
        result = Axe().run(tab, context=where, options={"runOnly": only})
        for violation in result.response["violations"]:
            nodes = [node["html"][:120] for node in violation["nodes"][:3]]
            yield f"{scheme}: {violation['id']}: {nodes}"
    tab.emulate_media(color_scheme="light")
