"""The gallery writes one picture of each state and look; the README shows what it wrote."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from credstore.probe import Outcome
from credstore.vault import ListFilters
from tests.browser.gallery import README_PICTURES, file_name, take_pictures
from tests.browser.live_site import LiveSite
from tests.browser.page_states import PAGE_STATES, furnish
from tests.browser.showcase import LIST_LOOKS
from tests.browser.walk import LOOKS
from tests.documents import read_documents
from tests.fixtures.browsing import MakeContext, Watch
from tests.fixtures.serving import REPO

CHOSEN = ("dialog delete", "empty, no JavaScript", "login")
MOST_BYTES = 80_000


def size(picture: Path) -> tuple[int, int]:
    """Width and height of a PNG."""
    head = picture.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", head[16:])


@pytest.fixture(scope="module")
def furnished(running: LiveSite) -> Iterator[LiveSite]:
    """The full site, for all tests here: none of them changes it."""
    running.clear()
    furnish(running)
    yield running
    running.clear()


@pytest.fixture
def take(
    furnished: LiveSite, browser_context: MakeContext, session_state: Any, tmp_path: Path
) -> Callable[..., list[Path]]:
    def make(*names: str) -> list[Path]:
        states = [state for state in PAGE_STATES if state.name in names]
        assert len(states) == len(names)
        contexts = {True: session_state, False: None}
        return list(
            take_pictures(furnished, lambda known: browser_context(storage_state=contexts[known]), tmp_path, states)
        )

    return make


@pytest.mark.browser
def test_every_state_is_shown_in_light_dark_and_phone(take: Callable[..., list[Path]], furnished: LiveSite) -> None:
    pictures = take(*CHOSEN)
    assert len({picture.name for picture in pictures}) == len(CHOSEN) * len(LOOKS)
    for look in LOOKS:
        width = LOOKS[look].width
        assert {size(picture)[0] for picture in pictures if picture.match(f"*-{look}.png")} == {width}
    assert len({picture.read_bytes() for picture in pictures}) == len(pictures)  # each shows something else
    assert len(furnished.names()) == 50  # the empty site was a copy


@pytest.mark.browser
@pytest.mark.parametrize("name", ["locked", "error 500"])
def test_a_state_with_a_site_of_its_own_says_what_is_wrong(
    furnished: LiveSite, browser_context: MakeContext, session_state: Any, watch: Watch, name: str
) -> None:
    """The pictures would show nothing of the kind if the copy were like the original."""
    watch.allow_status(500)
    (state,) = (state for state in PAGE_STATES if state.name == name)
    assert state.prepare
    tab = browser_context(storage_state=session_state).new_page()
    with state.prepare(furnished) as copy:
        state.go(tab, copy)
        words = tab.locator("main").inner_text()
        tab.goto("about:blank")
    assert {"locked": "Locked: the configured key", "error 500": "credstore made a mistake"}[name] in words


def test_the_furnished_list_filters_by_the_status_that_it_shows(furnished: LiveSite) -> None:
    with furnished.vault() as vault:
        for outcome in Outcome:
            found = vault.page(ListFilters.clean(status=outcome.value)).records
            assert {record.verdict.outcome for record in found} == {outcome}, outcome


def test_the_names_of_the_files_differ() -> None:
    names = [file_name(state, look) for state in PAGE_STATES for look in LOOKS]
    assert len(set(names)) == len(names)


def test_the_readme_shows_the_list_in_light_and_dark() -> None:
    pictures = {README_PICTURES / f"list-{look}.png" for look in LIST_LOOKS}
    shown = {REPO / link for link in read_documents()["README.md"].links if link.endswith(".png")}
    assert shown == pictures
    for picture in pictures:
        assert size(picture)[0] == 1200
        assert picture.stat().st_size <= MOST_BYTES, picture
