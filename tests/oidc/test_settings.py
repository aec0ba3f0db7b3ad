"""The settings of the sign-in with a provider: whole or not at all, and each mistake is one sentence at the start."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from credstore.accounts import Role
from credstore.config import Config
from credstore.database import close_database
from credstore.encryption.keyring import generate_key
from credstore.errors import ConfigError
from credstore.extension import Credstore
from credstore.oidc import from_config
from credstore.oidc.from_config import provider_from_config
from credstore.oidc.group_roles import GroupRoles, groups_in

WHOLE = {
    "CREDSTORE_OIDC_ISSUER": "https://id.example.com/realms/one",
    "CREDSTORE_OIDC_CLIENT_ID": "credstore",
    "CREDSTORE_OIDC_CLIENT_SECRET": "CANARY",
    "CREDSTORE_OIDC_ROLES": "*=viewer",
}


def config(tmp_path: Path, **env: str) -> Config:
    return Config.from_env({"HOME": str(tmp_path), **env})


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("a=admin", {"a": Role.ADMIN}),
        (" a = Admin , b=editor,, *=viewer,", {"a": Role.ADMIN, "b": Role.EDITOR, "*": Role.VIEWER}),
        ("cn=a,ou=b=admin; c=viewer", {"cn=a,ou=b": Role.ADMIN, "c": Role.VIEWER}),
        ("a=admin, a=admin", {"a": Role.ADMIN}),
        ("/team/ä b=editor", {"/team/ä b": Role.EDITOR}),
    ],
)
def test_a_mapping_is_read(text: str, roles: dict[str, Role]) -> None:
    assert GroupRoles.parse(text).roles == roles


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a", "“a” is not like group=role. The roles are viewer, editor, admin."),
        ("a=owner", "“a=owner” is not like group=role"),
        ("=admin", "“=admin” is not like group=role"),
        ("a=", "“a=” is not like group=role"),
        ("a=admin, a=viewer", "gives the group “a” two roles"),
        (";;", "names no group"),
        ("", "names no group"),
    ],
)
def test_a_mapping_that_cannot_be_read(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        GroupRoles.parse(text)
    assert problem in refusal.value.sentence
    assert refusal.value.sentence.startswith("CREDSTORE_OIDC_ROLES")


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ([], None),
        (["A"], None),
        (["v"], Role.VIEWER),
        (["v", "a", "e"], Role.ADMIN),
        (["e", "v", "other"], Role.EDITOR),
    ],
)
def test_the_highest_role_counts(groups: list[str], role: Role | None) -> None:
    mapping = {"v": Role.VIEWER, "a": Role.ADMIN, "e": Role.EDITOR}
    assert GroupRoles(mapping).role_of(groups) is role
    everybody = GroupRoles(mapping | {"*": Role.VIEWER})
    assert everybody.role_of(groups) is (role or Role.VIEWER)


@pytest.mark.parametrize(
    ("value", "groups"),
    [
        (["a", "b", "a"], {"a", "b"}),
        ("a b", {"a b"}),
        ([1, None, ["a"], {"a": 1}, "b"], {"b"}),
        ({"a": True}, set()),
        (None, set()),
        (True, set()),
    ],
)
def test_groups_are_texts(value: object, groups: set[str]) -> None:
    assert groups_in({"g": value}, "g") == groups
    assert groups_in({}, "g") == set()


def test_a_whole_configuration_makes_a_provider_without_asking_it(tmp_path: Path) -> None:
    provider = provider_from_config(config(tmp_path, **WHOLE))
    assert provider is not None
    assert (provider.issuer, provider.label) == (WHOLE["CREDSTORE_OIDC_ISSUER"], "your organization")
    assert "CANARY" not in repr(provider)
    assert provider_from_config(config(tmp_path)) is None


@pytest.mark.parametrize("hosted", [True, False])
def test_a_host_application_makes_no_provider_since_it_signs_in_by_itself(tmp_path: Path, hosted: bool) -> None:
    app = Flask("host")
    app.secret_key = "s" * 40
    authorize = (lambda: None) if hosted else None
    credstore = Credstore(
        app, config=config(tmp_path, **WHOLE, FIELD_ENCRYPTION_KEY=generate_key()), authorize=authorize
    )
    assert (credstore.provider is None) == hosted
    close_database(app)


@pytest.mark.parametrize("missing", WHOLE)
def test_half_a_configuration_says_what_is_missing(tmp_path: Path, missing: str) -> None:
    half = {name: value for name, value in WHOLE.items() if name != missing}
    with pytest.raises(ConfigError) as refusal:
        provider_from_config(config(tmp_path, **half))
    assert refusal.value.sentence == f"The sign-in with an OpenID Connect provider also needs {missing}."


def test_without_authlib_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(from_config, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"Install credstore\[oidc\]"):
        provider_from_config(config(tmp_path, **WHOLE))


@pytest.mark.parametrize(
    "issuer",
    [
        *(
            "http://id.example.com",
            "https://",
            "id.example.com",
            "https://a@id.example.com",
            "https://id.example.com?a=b",
        ),
        *("https://id.example.com#a", "https://id.example.com:0", "https://id.example.com:x", "javascript:alert(1)"),
        *(
            "https://id.exa mple.com",
            "https://id.example.com\\evil",
            "http://127.0.0.1.example",
            "https://" + "a" * 3000,
        ),
    ],
)
def test_an_issuer_has_an_https_url(tmp_path: Path, issuer: str) -> None:
    with pytest.raises(ConfigError, match="CREDSTORE_OIDC_ISSUER is not valid"):
        config(tmp_path, CREDSTORE_OIDC_ISSUER=issuer)


@pytest.mark.parametrize(
    "issuer", ["http://127.0.0.1:9", "http://localhost:9/x", "http://[::1]:9", "https://a.example/"]
)
def test_an_issuer_on_loopback_may_have_http(tmp_path: Path, issuer: str) -> None:
    assert config(tmp_path, CREDSTORE_OIDC_ISSUER=issuer).oidc_issuer == issuer


@pytest.mark.parametrize("scopes", ["profile", "", 'openid "a"', "openid a\\b"])
def test_scopes_without_openid_or_with_other_characters_are_refused(tmp_path: Path, scopes: str) -> None:
    if scopes:
        with pytest.raises(ConfigError, match="CREDSTORE_OIDC_SCOPES"):
            config(tmp_path, CREDSTORE_OIDC_SCOPES=scopes)
    assert replace(config(tmp_path, CREDSTORE_OIDC_SCOPES=" openid   a ")).oidc_scopes == "openid a"
