"""Runs axe, the accessibility checker, over what a person sees just now."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
CONTRAST = ("color-contrast",)
# What another width of the window may change, besides the contrast: the size of targets, what scrolls, what is hidden.
LAYOUT = ("target-size", "scrollable-region-focusable", "link-name", "button-name", "label", "heading-order")
# Nothing is preloaded: that is for rules about media, which no page has. Null without axe.
RUN = """([where, runOnly]) => !('axe' in window) ? null : axe.run(document.querySelector(where) ?? document, {
  runOnly, preload: false, resultTypes: ['violations'],
  rules: runOnly.length > 1 ? { 'target-size': { enabled: true } } : {},
}).then(({ violations }) => violations.map(
  ({ id, nodes }) => [id, nodes.slice(0, 3).map((node) => node.html.slice(0, 120))]
))"""


def run_axe(tab: Page, rules: Sequence[str] = RULES) -> Iterator[str]:
    """What these rules, or rules with these tags, find. Of an open dialog only itself is checked."""
    if not rules:
        return
    given = ["dialog[open]", list(rules)]
    found = tab.evaluate(RUN, given)
    if found is None:
        tab.evaluate(AXE.read_text())
        found = tab.evaluate(RUN, given)
    for name, nodes in found:
        yield f"{name}: {nodes}"


def axe_faults(tab: Page) -> Iterator[str]:
    """Every rule in light; in dark only the contrast, which is all that differs."""
    for scheme, rules in (("light", RULES), ("dark", CONTRAST)):
        tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for fault in run_axe(tab, rules):
            yield f"{scheme}: {fault}"
    tab.emulate_media(color_scheme="light")
