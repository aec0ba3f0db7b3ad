"""What `credstore doctor` says about the provider, and how `credstore serve` refuses half a configuration."""

from dataclasses import replace
from pathlib import Path

import pytest

from credstore.cli.doctor import examine
from credstore.cli.installation_checks import Finding
from tests.fixtures.serving import Server, free_port
from tests.oidc.conftest import MakeSite
from tests.oidc.issuer import Issuer


def finding(make_site: MakeSite, **settings: object) -> Finding:
    site = make_site(**settings)
    (found,) = (one for one in examine(site.app.extensions["credstore"].config) if one.subject == "OIDC")
    return found


def test_a_provider_that_answers(make_site: MakeSite, issuer: Issuer) -> None:
    assert finding(make_site) == Finding("OIDC", f"{issuer.url} answers. It gives roles to: admins, ops.")


def test_no_provider(make_site: MakeSite) -> None:
    nothing = dict.fromkeys(("oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_roles"), "")
    assert finding(make_site, **nothing) == Finding("OIDC", "No provider is set up.")


def test_a_provider_that_is_another(make_site: MakeSite, issuer: Issuer) -> None:
    issuer.metadata["issuer"] = f"{issuer.url}/"
    found = finding(make_site)
    assert found.sentence.endswith("(the metadata has another issuer than CREDSTORE_OIDC_ISSUER).")
    assert found.advice.startswith("Check CREDSTORE_OIDC_ISSUER")


def test_a_provider_that_is_down(make_site: MakeSite) -> None:
    found = finding(make_site, oidc_issuer=f"http://127.0.0.1:{free_port()}")
    assert "(not reached: refused)" in found.sentence


def test_a_setting_that_is_wrong(make_site: MakeSite) -> None:
    site = make_site()
    config = replace(site.app.extensions["credstore"].config, oidc_roles="ops=owner")
    (found,) = (one for one in examine(config) if one.subject == "OIDC")
    assert found.sentence == (
        "CREDSTORE_OIDC_ROLES: “ops=owner” is not like group=role. The roles are viewer, editor, admin."
    )
    assert found.advice == "Correct the setting."


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        (
            {"CREDSTORE_OIDC_ISSUER": "https://id.example.com"},
            "The sign-in with an OpenID Connect provider also needs CREDSTORE_OIDC_CLIENT_ID and "
            "CREDSTORE_OIDC_CLIENT_SECRET and CREDSTORE_OIDC_ROLES.",
        ),
        ({"CREDSTORE_OIDC_ISSUER": "http://id.example.com"}, "CREDSTORE_OIDC_ISSUER is not valid."),
    ],
)
def test_a_server_with_a_wrong_configuration_does_not_start(tmp_path: Path, env: dict[str, str], sentence: str) -> None:
    done = Server(tmp_path, env=env).run("serve", "--host", "127.0.0.1", check=False)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) < 3, done.stderr
