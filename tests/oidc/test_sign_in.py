"""The sign-in page, the way to the provider and back, and the question again: bound to one browser and used once."""

import base64
import hashlib
from datetime import datetime, timedelta
from urllib.parse import quote_plus, urlsplit

import pytest
import time_machine
from sqlalchemy import select

from credstore.accounts import Role
from credstore.audit_model import AuditEntry
from credstore.models import db
from tests.access.test_pages import HOSTILE
from tests.conftest import PASSWORD
from tests.oidc.conftest import CALLBACK, MakeSite, Site
from tests.oidc.issuer import CLIENT_ID, CLIENT_SECRET
from tests.oidc.test_hostile_issuer import NOT_PROVEN, STALE


def later(minutes: int) -> time_machine.travel:
    return time_machine.travel(datetime.now().astimezone() + timedelta(minutes=minutes))


def test_the_request_is_one_for_a_code_with_pkce(site: Site) -> None:
    page = site.page()
    there = urlsplit(page.get("/login/oidc", status=303).location)
    assert there._replace(query="").geturl() == f"{site.issuer.url}/authorize"
    sent = site.leave(page)
    assert {name: sent[name] for name in ("response_type", "client_id", "scope", "code_challenge_method")} == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "scope": "openid profile email",
        "code_challenge_method": "S256",
    }
    assert sent["redirect_uri"] == f"http://localhost{CALLBACK}"
    site.come_back(page, 303, state=sent["state"])
    (form,) = site.issuer.forms
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == sent["code_challenge"]
    basic = base64.b64encode(f"{CLIENT_ID}:{quote_plus(CLIENT_SECRET)}".encode()).decode()
    assert form["authorization"] == f"Basic {basic}"
    assert (form["grant_type"], form["redirect_uri"]) == ("authorization_code", sent["redirect_uri"])


def test_nothing_of_one_sign_in_is_used_in_another(site: Site) -> None:
    sent = [site.leave(site.page()) for _ in range(3)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({one[name] for one in sent}) == 3
        assert all(len(one[name]) >= 43 for one in sent)


def test_the_client_secret_goes_into_the_form_where_the_provider_wants_that(site: Site) -> None:
    site.issuer.metadata["token_endpoint_auth_methods_supported"] = ["private_key_jwt", "client_secret_post"]
    site.sign_in(site.page())
    (form,) = site.issuer.forms
    assert (form["client_id"], form["client_secret"], form["authorization"]) == (CLIENT_ID, CLIENT_SECRET, "")


def test_a_state_serves_once_and_in_its_own_browser(site: Site) -> None:
    page, other = site.page(), site.page()
    site.leave(other)
    state = site.leave(page)["state"]
    assert site.come_back(other, 403, state=state) == STALE
    assert site.come_back(site.page(), 403, state=state) == STALE
    assert site.come_back(page, 303, state=state) == "/credentials"
    assert site.come_back(page, 403, state=state) == STALE
    assert len(site.issuer.forms) == 1
    assert site.sessions() == 1


@pytest.mark.parametrize("state", [None, "", "another", "ä", "x" * 5000])
def test_a_return_without_the_state_is_refused_and_ends_the_attempt(site: Site, state: str | None) -> None:
    page = site.page()
    right = site.leave(page)["state"]
    assert site.come_back(page, 403, state=state) == STALE
    assert site.come_back(page, 403, state=right) == STALE
    assert not site.issuer.forms


def test_an_attempt_is_over_after_ten_minutes(site: Site) -> None:
    page = site.page()
    state = site.leave(page)["state"]
    with later(11):
        assert site.come_back(page, 403, state=state) == STALE


def test_a_return_without_a_code_asks_for_no_token(site: Site) -> None:
    page = site.page()
    site.come_back(page, 403, state=site.leave(page)["state"], code=None)
    assert site.refusals() == ["no code"]


@pytest.mark.parametrize(
    ("announced", "named", "status"),
    [(True, True, 303), (True, False, 403), (False, True, 303), (False, False, 303), (False, "evil", 403)],
)
def test_an_answer_names_its_issuer(site: Site, announced: bool, named: bool | str, status: int) -> None:
    site.issuer.metadata["authorization_response_iss_parameter_supported"] = announced
    page = site.page()
    state = site.leave(page)["state"]
    iss = (site.issuer.url if named is True else str(named)) if named else None
    found = site.come_back(page, status, state=state, iss=iss)
    assert found == ("/credentials" if status == 303 else NOT_PROVEN)


def test_the_session_gets_a_new_id_and_the_old_one_ends(site: Site) -> None:
    page = site.page()
    page.sign_in("ann", PASSWORD)
    with page.client.session_transaction() as before:
        first = before["_user_id"]
    page.get("/login/oidc", status=303)  # signed in already: nothing to do
    page.get("/credentials")
    page.post("/logout")
    site.sign_in(page)
    with page.client.session_transaction() as after:
        assert after["_user_id"] != first
    assert site.sessions() == 1


@pytest.mark.parametrize("target", HOSTILE)
def test_next_never_leads_to_another_site(site: Site, target: str) -> None:
    page = site.page()
    page.get("/login/oidc", status=303, query_string={"next": target})
    sent = site.leave(page, f"/login/oidc?next={quote_plus(target)}")
    assert site.come_back(page, 303, state=sent["state"]) == "/credentials"


def test_next_leads_back_to_a_page_of_this_site(site: Site) -> None:
    page = site.page()
    page.get(page.get("/credentials?q=a%26b", status=303).location)
    assert page.document is not None
    (link,) = page.document.find("a", id="provider")
    assert link.text == "Sign in with Acme"
    state = site.leave(page, link.attrs["href"])["state"]
    assert site.come_back(page, 303, state=state) == "/credentials?q=a%26b"


def test_the_first_administrator_has_a_password(make_site: MakeSite) -> None:
    site = make_site()
    with site.app.app_context():
        users = site.app.extensions["credstore"].users
        users.create("bob", PASSWORD, Role.EDITOR)
    site.issuer.claims["groups"] = ["admins"]
    site.sign_in(site.page())
    assert site.roles() == {"ann": "admin", "bob": "editor", "mia": "admin"}
    page = site.page()
    page.sign_in("ann", PASSWORD)
    page.get("/users")
    with site.app.app_context():
        ann, mia = users.named("ann"), users.named("mia")
        assert (ann.by_provider, mia.by_provider) == (False, True)
        with pytest.raises(Exception, match="only administrator who has a password"):
            users.remove(ann.id)
        users.remove(mia.id)
    assert site.sign_in(site.page()) == "/credentials"  # comes back as a new user


@pytest.mark.parametrize("password", ["", "no account has this password", "x" * 20])
def test_no_password_fits_a_user_of_the_provider(site: Site, password: str) -> None:
    site.sign_in(site.page())
    page = site.page()
    page.get("/login")
    page.post("/login", {"username": "mia", "password": password}, status=401 if password else 400)
    assert site.sessions() == 1


def ask_again(site: Site, **claims: object) -> tuple[int, str]:
    """Of an administrator: /users, to the provider and back. The status, and where it leads or the sentence."""
    site.issuer.claims = {"groups": ["admins"]}
    page = site.page()
    site.sign_in(page)
    asked = page.get("/users", status=303).location
    assert asked == "/confirm?next=/users"
    page.get(asked)
    assert page.document is not None
    (link,) = [one for one in page.document.find("a") if one.text == "Sign in again with Acme"]
    sent = site.leave(page, link.attrs["href"])
    assert (sent["prompt"], sent["max_age"]) == ("login", "0")
    site.issuer.claims |= claims
    confirmed = claims.get("sub") is None and claims.get("auth_time") is not None
    status = 303 if confirmed and abs(float(str(claims["auth_time"])) - datetime.now().timestamp()) < 5 else 403
    found = site.come_back(page, status, state=sent["state"])
    page.get("/users", status=200 if status == 303 else 303)
    return status, found


def test_a_fresh_sign_in_there_opens_the_page(site: Site) -> None:
    assert ask_again(site, auth_time=int(datetime.now().timestamp())) == (303, "/users")


def test_an_old_sign_in_there_does_not(site: Site) -> None:
    for number, moment in enumerate((int(datetime.now().timestamp()) - 60, None)):
        found = ask_again(site, auth_time=moment)
        assert found[0] == 403
        assert found[1].startswith("The provider did not ask you again")
        assert site.refusals() == ["not asked again"] * (number + 1)


def test_somebody_else_there_does_not(site: Site) -> None:
    status, sentence = ask_again(site, sub="u-2", auth_time=int(datetime.now().timestamp()))
    assert (status, sentence[:48]) == (403, "You signed in at the provider as somebody else t")


@pytest.mark.parametrize(("groups", "role"), [([], "viewer"), (["others"], "viewer"), (["ops"], "editor")])
def test_the_question_again_reads_the_groups(site: Site, groups: list[str], role: str) -> None:
    """Who has lost the group of administrators opens none of their pages, though they are who they were."""
    now = int(datetime.now().timestamp())
    site.issuer.claims = {"groups": ["admins"], "auth_time": now - 5000}
    page = site.page()
    site.sign_in(page)
    site.issuer.claims = {"groups": groups, "auth_time": now}
    sent = site.leave(page, "/confirm/oidc?next=/tokens")
    lost = role == "viewer"
    found = site.come_back(page, 403 if lost else 303, state=sent["state"])
    assert site.roles()["mia"] == role
    if not lost:
        page.get(found, status=403)
        page.get("/credentials")
        return
    assert found.startswith("None of your groups at the provider may use credstore.")
    assert page.document is not None
    assert page.document.find("a", id="provider")
    page.get("/credentials", status=303)
    assert site.sessions() == 0
    assert site.sign_in(site.page(), 403) == found
    assert site.refusals() == ["no role"] * 2
    with site.app.app_context():
        results = list(db.session.scalars(select(AuditEntry.result).where(AuditEntry.act == "sign-in refused")))
    assert results == ["user mia, by the OpenID Connect provider: no role"] * 2


def test_a_fresh_sign_in_counts_at_once(site: Site) -> None:
    """As a password does: no second question within ten minutes."""
    site.issuer.claims = {"groups": ["admins"], "auth_time": int(datetime.now().timestamp())}
    page = site.page()
    site.sign_in(page)
    page.get("/users")
    with later(11):
        page.get("/users", status=303)


def test_who_has_a_password_is_not_sent_to_the_provider(site: Site) -> None:
    page = site.page()
    page.sign_in("ann", PASSWORD)
    assert page.get("/confirm/oidc?next=/users", status=303).location == "/confirm?next=/users"


def test_a_session_that_ended_meanwhile_is_not_confirmed(site: Site) -> None:
    site.issuer.claims = {"groups": ["admins"]}
    page = site.page()
    site.sign_in(page)
    sent = site.leave(page, "/confirm/oidc?next=/users")
    with site.app.app_context():
        users = site.app.extensions["credstore"].users
        users.remove(users.named("mia").id)
    site.issuer.claims["auth_time"] = int(datetime.now().timestamp())
    assert site.come_back(page, 403, state=sent["state"]) == STALE


def test_signing_out_offers_to_sign_out_there(site: Site) -> None:
    page = site.page()
    site.sign_in(page)
    page.get("/credentials")
    left = page.post("/logout").location
    page.get(left)
    assert "At Acme you may still be signed in" in page.text
    assert page.get("/logout/oidc", status=303).location == f"{site.issuer.url}/end?client_id={CLIENT_ID}"


def test_a_provider_without_a_page_for_signing_out(site: Site) -> None:
    site.issuer.metadata["end_session_endpoint"] = None
    page = site.page()
    page.get("/logout/oidc", status=403)
    assert "Acme has no page for signing out." in page.text


def test_without_a_provider_there_is_nothing_of_it(make_site: MakeSite) -> None:
    other = make_site(oidc_issuer="", oidc_client_id="", oidc_client_secret="", oidc_roles="").page()
    for path in ("/login/oidc", CALLBACK, "/logout/oidc"):
        other.get(path, status=404)
    other.get("/login")
    assert "Sign in with" not in other.text


def test_over_plain_http_from_another_machine_nobody_is_sent_anywhere(make_site: MakeSite) -> None:
    page = make_site(trusted_hosts=("credentials.example.com",)).page()
    for path in ("/login/oidc", CALLBACK):
        page.get(path, status=403, headers={"Host": "credentials.example.com"})
    assert "https" in page.text


def test_the_audit_log_cannot_be_filled(site: Site) -> None:
    page = site.page()
    for _ in range(40):
        page.get(CALLBACK, status=403)
    assert 20 <= len(site.refusals()) < 30
    assert site.sign_in(page) == "/credentials"
