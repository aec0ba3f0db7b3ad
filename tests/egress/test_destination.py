"""A stored secret is sent to the host it was encrypted for and to no other, by the real vault, tester and client.

The app under test has its own tester and client; `home` is where the secret belongs, `stranger` is who would like it.
"""

import json
import socket
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from credstore.config import Config
from credstore.errors import InvalidFields
from credstore.models import Credential, db
from credstore.probe import Outcome
from credstore.vault import Record, Vault
from tests.conftest import MakeApp
from tests.egress.certificates import Issue, new_authority
from tests.egress.conftest import Serve
from tests.egress.hostile import Call, Hostile, header, reply

KEY = "sk-canary-0123456789abcdef"
ORGANIZATION = "org-home"
MODELS = json.dumps({"object": "list", "data": [{"id": "m"}]}).encode()


def provider(call: Call) -> None:
    """Accepts the key and refuses any other."""
    right = header(call.request, "authorization") == f"Bearer {KEY}"
    call.send(reply("200 OK", MODELS) if right else reply("401 Unauthorized", b'{"error": {"message": "no"}}'))


def keys_at(server: Hostile) -> list[str]:
    return [header(request, "authorization") or "" for request in server.requests]


def assert_innocent(stranger: Hostile) -> None:
    """It never had a connection, and so never the key in any form."""
    heard = b"".join(stranger.requests)
    assert KEY.encode() not in heard
    assert b64encode(KEY.encode()).rstrip(b"=") not in heard
    assert stranger.connections == 0


@pytest.fixture
def home(serve: Serve) -> Hostile:
    return serve(provider)


@pytest.fixture
def stranger(serve: Serve) -> Hostile:
    return serve(provider)


@pytest.fixture
def open_vault(make_app: MakeApp, config: Config) -> Iterator[Callable[..., Vault]]:
    """A factory of vaults with a real tester and client; the application context ends with the test."""
    pushed = []

    def make(**settings: Any) -> Vault:
        app = make_app(replace(config, **settings))
        context = app.app_context()
        context.push()
        pushed.append(context)
        return app.extensions["credstore"].vault

    yield make
    for context in pushed:
        context.pop()


@pytest.fixture
def vault(open_vault: Callable[..., Vault]) -> Vault:
    return open_vault()


def base(server: Hostile, host: str = "127.0.0.1", scheme: str = "http") -> str:
    return f"{scheme}://{host}:{server.port}/v1"


def stored(vault: Vault, url: str, name: str = "LLM", **values: str) -> Record:
    given = {"provider_type": "openai", "api_key": KEY, "base_url": url, "organization_id": ORGANIZATION}
    return vault.create("llm", name, given | values)


def change(vault: Vault, record: Record, **values: str) -> None:
    """An edit that leaves the key blank, which means: keep the stored one."""
    given = {**record.public, "api_key": ""} | values
    vault.edit(record.public_id, version=record.version, name=record.name, values=given)


def test_untouched_it_reaches_its_home(vault: Vault, home: Hostile) -> None:
    assert vault.test(stored(vault, base(home)).public_id).verdict.outcome is Outcome.VERIFIED
    assert f"Bearer {KEY}" in keys_at(home)


@pytest.mark.parametrize(
    "spelt", ["http://127.0.0.1:{port}/v1", "http://localhost:{port}/v1", "http://127.0.0.1:{port}/"]
)
def test_an_edited_url_needs_the_secret_again(spelt: str, vault: Vault, home: Hostile, stranger: Hostile) -> None:
    record = stored(vault, base(home))
    for port in (stranger.port, *([home.port] if spelt.format(port=home.port) != base(home) else [])):
        with pytest.raises(InvalidFields) as caught:
            change(vault, record, base_url=spelt.format(port=port))
        assert "enter it again" in caught.value.fields["api_key"]
    assert vault.test(record.public_id).verdict.outcome is Outcome.VERIFIED
    assert_innocent(stranger)


def test_a_removed_url_does_not_send_the_secret_to_the_providers_own_address(vault: Vault, home: Hostile) -> None:
    record = stored(vault, base(home))
    with pytest.raises(InvalidFields):
        change(vault, record, base_url="")
    assert vault.test(record.public_id).verdict.outcome is Outcome.VERIFIED


@pytest.mark.parametrize("provider_type", ["anthropic", "openai_compatible"])
def test_an_edited_provider_needs_the_secret_again(provider_type: str, vault: Vault, home: Hostile) -> None:
    record = stored(vault, base(home), organization_id="")
    with pytest.raises(InvalidFields) as caught:
        change(vault, record, provider_type=provider_type)
    assert "enter it again" in caught.value.fields["api_key"]
    assert home.connections == 0


@pytest.mark.parametrize("organization", ["org-stranger", ""])
def test_an_edited_organization_needs_the_secret_again(organization: str, vault: Vault, home: Hostile) -> None:
    record = stored(vault, base(home))
    with pytest.raises(InvalidFields) as caught:
        change(vault, record, organization_id=organization)
    assert "enter it again" in caught.value.fields["api_key"]
    assert home.connections == 0


@pytest.mark.parametrize("field", ["base_url", "provider_type", "organization_id"])
def test_a_row_edited_in_sql_is_unreadable_and_sends_nothing(
    field: str, vault: Vault, home: Hostile, stranger: Hostile
) -> None:
    record = stored(vault, base(home))
    evil = {"base_url": base(stranger), "provider_type": "openai_compatible", "organization_id": "org-stranger"}
    write(record, public={**record.public, field: evil[field]})
    assert vault.test(record.public_id).verdict.outcome is Outcome.UNREADABLE
    assert home.connections == 0
    assert_innocent(stranger)


def test_rows_swapped_in_sql_are_unreadable_and_send_nothing(vault: Vault, home: Hostile, stranger: Hostile) -> None:
    ours, theirs = stored(vault, base(home)), stored(vault, base(stranger), "Bait", api_key="sk-bait-0000000000")
    sealed = [
        db.session.scalars(select(Credential.sealed).filter_by(public_id=row.public_id)).one() for row in (ours, theirs)
    ]
    write(ours, sealed=sealed[1])
    write(theirs, sealed=sealed[0])
    for row in (ours, theirs):
        assert vault.test(row.public_id).verdict.outcome is Outcome.UNREADABLE
    assert home.connections == 0
    assert_innocent(stranger)


def test_a_sealed_value_taken_along_with_its_id_stays_with_its_destination(
    vault: Vault, home: Hostile, stranger: Hostile
) -> None:
    """The other row takes the victim's id too, so that only the destination inside the encrypted value differs."""
    ours, theirs = stored(vault, base(home)), stored(vault, base(stranger), "Bait", api_key="sk-bait-0000000000")
    sealed = db.session.scalars(select(Credential.sealed).filter_by(public_id=ours.public_id)).one()
    write(ours, public_id="00000000-0000-4000-8000-000000000000")
    write(theirs, public_id=ours.public_id, sealed=sealed)
    assert vault.test(ours.public_id).verdict.outcome is Outcome.UNREADABLE
    assert_innocent(stranger)


def write(record: Record, **columns: Any) -> None:
    """What somebody who can write the database may do."""
    db.session.execute(update(Credential).where(Credential.public_id == record.public_id).values(**columns))
    db.session.commit()


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(status: str, vault: Vault, serve: Serve, stranger: Hostile) -> None:
    there = f"{base(stranger)}/models"
    moved = serve(lambda call: call.send(reply(status, Location=there)))
    assert vault.test(stored(vault, base(moved)).public_id).verdict.outcome is Outcome.CANNOT_TELL
    assert_innocent(stranger)


def answering(*rounds: str) -> Callable[..., Any]:
    """A name server that changes its mind: one address for each look-up, the last one for ever."""
    left = list(rounds)

    def lookup(host: str, port: int, *_args: object, **_options: object) -> list[Any]:
        address = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    return lookup


def test_a_name_that_turns_to_a_denied_address_is_left_alone(
    open_vault: Callable[..., Vault], home: Hostile, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is judged is what is called: the name is not looked up again between the two."""
    stranger = serve(provider, address="127.0.0.2", port=home.port)
    vault = open_vault(bind="", egress_allow=("127.0.0.1",))
    record = stored(vault, base(home, "rebind.example"))
    monkeypatch.setattr(socket, "getaddrinfo", answering("127.0.0.1", "127.0.0.2"))
    assert vault.test(record.public_id).verdict.outcome is Outcome.BLOCKED
    assert len(keys_at(home)) == 1
    assert vault.test(record.public_id).verdict.outcome is Outcome.BLOCKED
    assert_innocent(stranger)


def test_a_name_that_turns_to_a_stranger_it_may_call_gives_him_no_key_without_the_certificate(
    open_vault: Callable[..., Vault],
    authority: tuple[Path, Issue],
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root, issue = authority
    home = serve(provider, tls=issue())
    stranger = serve(provider, address="127.0.0.2", port=home.port, tls=foreign(tmp_path_factory))
    vault = open_vault(ca_bundle=root)
    record = stored(vault, base(home, "localhost", "https"))
    monkeypatch.setattr(socket, "getaddrinfo", answering("127.0.0.2"))
    assert vault.test(record.public_id).verdict.outcome is Outcome.NOT_REACHED
    assert (stranger.connections, stranger.requests) == (1, [])
    monkeypatch.setattr(socket, "getaddrinfo", answering("127.0.0.1"))
    assert vault.test(record.public_id).verdict.outcome is Outcome.VERIFIED


def foreign(folders: pytest.TempPathFactory) -> Any:
    """A certificate for the right name from an authority that nobody here trusts."""
    return new_authority(folders.mktemp("foreign"))[1]()


def test_a_proxy_of_the_environment_sees_nothing(
    vault: Vault, home: Hostile, stranger: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        for spelt in (name, name.lower()):
            monkeypatch.setenv(spelt, f"http://127.0.0.1:{stranger.port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert vault.test(stored(vault, base(home)).public_id).verdict.outcome is Outcome.VERIFIED
    assert_innocent(stranger)


def test_a_netrc_neither_replaces_the_key_nor_adds_one(
    vault: Vault, home: Hostile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password stolen\ndefault login mallory password stolen\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    assert vault.test(stored(vault, base(home)).public_id).verdict.outcome is Outcome.VERIFIED
    keyless = stored(vault, base(home), "Keyless", provider_type="openai_compatible", api_key="", organization_id="")
    vault.test(keyless.public_id)
    assert keys_at(home)[0] == f"Bearer {KEY}"
    assert keys_at(home)[-1] == ""
    assert not any(key.startswith("Basic") for key in keys_at(home))
