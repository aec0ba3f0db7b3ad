"""What many requests can do: wrong codes are slowed, and a provider that is down is not waited for again and again."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine

from credstore.accounts.login_throttle import FREE_ATTEMPTS_PER_ADDRESS
from credstore.oidc import discovery
from credstore.oidc.provider import AT_ONCE
from tests.egress.hostile import Call
from tests.oidc.conftest import CALLBACK, Site
from tests.oidc.issuer import CODE, as_json
from tests.oidc.test_hostile_issuer import CONFIGURATION, DOWN, STALE


def wrong_code(call: Call) -> None:
    call.send(as_json({"error": "invalid_grant"}, "400 Bad Request"))


def test_who_comes_while_the_provider_hangs_does_not_wait_for_it_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "FAILED_SECONDS", 30)
    site.app.extensions["credstore"].provider.seconds = 0.4
    site.issuer.answers[CONFIGURATION] = Call.hang
    pages = [site.page() for _ in range(10)]
    pages[0].get("/login/oidc", status=403)
    for page in pages[1:]:
        page.get("/login/oidc", status=403)
        assert DOWN in page.text
    assert site.issuer.asked == [CONFIGURATION]
    monkeypatch.setattr(discovery, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + 30))
    with ThreadPoolExecutor(len(pages)) as threads:  # one asks again, the others need not wait for that one
        list(threads.map(lambda page: page.client.get("/login/oidc"), pages))
    assert 2 <= len(site.issuer.asked) < 2 + AT_ONCE


def test_wrong_codes_are_slowed_and_not_sent_any_more(site: Site) -> None:
    site.issuer.answers["/token"] = wrong_code
    codes, page = [], site.page()
    for _ in range(FREE_ATTEMPTS_PER_ADDRESS + 5):
        state = site.leave(page)["state"]
        answer = page.client.get(CALLBACK, query_string={"code": CODE, "state": state})
        codes.append(answer.status_code)
    assert codes[:FREE_ATTEMPTS_PER_ADDRESS] == [403] * FREE_ATTEMPTS_PER_ADDRESS
    assert codes[-1] == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert "Too many sign-in attempts. Wait " in answer.text
    assert site.issuer.asked.count("/token") == codes.count(403) < len(codes)
    site.issuer.answers.clear()
    with time_machine.travel(datetime.now().astimezone() + timedelta(minutes=5)):
        assert site.sign_in(page) == "/credentials"
    site.issuer.claims = {"groups": []}
    site.issuer.answers["/token"] = wrong_code
    assert site.sign_in(site.page(), 403) == STALE  # the sign-in that succeeded has cleared the count


def test_nobody_waits_for_answers_without_a_sign_in_or_for_a_provider_that_is_down(site: Site) -> None:
    page = site.page()
    for number in range(FREE_ATTEMPTS_PER_ADDRESS + 5):  # as a foreign page can make browsers send them
        page.get(CALLBACK, status=403, query_string={"code": CODE, "state": f"x{number}"})
        state = site.leave(page)["state"]
        site.come_back(page, 403, state=state, code=None, error="access_denied")
    site.issuer.answers["/token"] = lambda call: None
    for _ in range(FREE_ATTEMPTS_PER_ADDRESS + 5):
        assert site.sign_in(page, 403) == DOWN
    site.issuer.answers.clear()
    assert site.sign_in(page) == "/credentials"
