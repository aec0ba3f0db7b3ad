"""The sign-in of the example, which people copy, leads to no other site."""

import re
from html import unescape

import requests
from hypothesis import example, given
from hypothesis import strategies as st

from credstore.web import authentication
from examples.workflow_runner.sign_in import local_path
from tests.access.test_pages import HOSTILE
from tests.examples.conftest import MOUNT, PASSWORD, Host

NEAR_A_PATH = st.text(st.sampled_from("/\\\t\n\r .?#%:@ab\u00a0\u200b\u2028\ud800"), max_size=12)


@given(st.one_of(NEAR_A_PATH, NEAR_A_PATH.map("/".__add__), st.text()))
@example("/" + "a" * 2000)
@example("/" + "a" * 1999)
def test_the_example_trusts_the_paths_that_credstore_trusts(path: str) -> None:
    assert local_path(path) == (authentication.local_path(path) or "")


def test_a_sign_in_leads_to_the_example_alone(host: Host) -> None:
    root = host.server.root
    paths = {f"{MOUNT}/settings/credentials?q=a%20b": f"{MOUNT}/settings/credentials?q=a%20b"}
    for target, expected in (paths | dict.fromkeys(HOSTILE, f"{MOUNT}/")).items():
        with requests.Session() as browser:
            form = browser.get(f"{root}/sign-in", params={"next": target}, timeout=10)
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form.text)
            assert token
            typed = {"csrf_token": unescape(token[1]), "username": "ann", "password": PASSWORD}
            sent = browser.post(form.url, data=typed, timeout=10, allow_redirects=False)
            assert (sent.status_code, sent.headers["Location"]) == (303, expected), target
