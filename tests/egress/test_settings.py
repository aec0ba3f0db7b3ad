"""The egress settings from the environment to the client: a wrong setting stops the start, and no secret is shown."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from credstore.cli import main
from credstore.config import Config
from credstore.egress import client_from_config
from credstore.errors import ConfigError
from tests.conftest import MakeApp
from tests.egress.certificates import Issue
from tests.egress.conftest import Get, Serve
from tests.egress.hostile import reply

LIST_ONLY = "-----BEGIN X509 CRL-----\nnonsense\n-----END X509 CRL-----\n"


def from_env(**env: str) -> Config:
    return Config.from_env(env, bind="127.0.0.1", port=8000)


def test_a_server_under_an_authority_of_ones_own_is_reached_by_the_ca_bundle(
    authority: tuple[Path, Issue], serve: Serve, get: Get
) -> None:
    root, issue = authority
    server = serve(lambda call: call.send(reply(body=b"{}")), tls=issue())
    client = client_from_config(from_env(CREDSTORE_CA_BUNDLE=str(root)))
    assert get(f"https://localhost:{server.port}/", client=client).status == 200


def test_the_shipped_roots_stay_trusted_beside_the_bundle(authority: tuple[Path, Issue]) -> None:
    client = client_from_config(from_env(CREDSTORE_CA_BUNDLE=str(authority[0])))
    assert client.client._context.cert_store_stats()["x509_ca"] > 50


@pytest.mark.parametrize("content", [None, "", "no certificate", LIST_ONLY, "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_bundle_without_a_certificate_is_refused_at_the_start(
    content: str | None, tmp_path: Path, config: Config, make_app: MakeApp
) -> None:
    file = tmp_path / "roots.pem"
    if content is not None:
        file.write_text(content)
    for start in (
        lambda: client_from_config(from_env(CREDSTORE_CA_BUNDLE=str(file))),
        lambda: make_app(with_bundle(config, file)),
    ):
        with pytest.raises(ConfigError) as caught:
            start()
        assert "CREDSTORE_CA_BUNDLE" in caught.value.sentence
        assert str(file) in caught.value.sentence
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CREDSTORE_CA_BUNDLE", "/nowhere/roots.pem"),
        ("CREDSTORE_EGRESS_PROXY", "ftp://ann:sekrit@proxy:3128"),
        ("CREDSTORE_EGRESS_ALLOW", "nonsense"),
    ],
)
def test_serve_tells_a_wrong_setting_itself_and_makes_nothing(variable: str, value: str, tmp_path: Path) -> None:
    """Not through workers that fail to start one after the other."""
    folder = tmp_path / "data"
    result = CliRunner().invoke(main, ["serve", "--data-dir", str(folder)], env={variable: value})
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {variable}")
    assert "sekrit" not in result.output
    assert not folder.exists()


def with_bundle(config: Config, file: Path) -> Config:
    return replace(config, ca_bundle=file)


def test_a_folder_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        client_from_config(from_env(CREDSTORE_CA_BUNDLE=str(tmp_path)))


def test_the_proxy_of_the_setting_is_used_and_its_password_is_never_shown(serve: Serve, get: Get) -> None:
    proxy = serve(lambda call: call.send(reply(body=b"{}")))
    url = f"http://ann:sekrit@127.0.0.1:{proxy.port}"
    config = from_env(CREDSTORE_EGRESS_PROXY=url, CREDSTORE_EGRESS_ALLOW="10.0.0.0/8", HTTP_PROXY="http://127.0.0.1:9")
    assert "sekrit" not in repr(config)
    assert get("http://10.1.2.3:8000/", client=client_from_config(config)).proxy == f"127.0.0.1:{proxy.port}"


def test_a_malformed_proxy_stops_the_start_without_being_quoted(config: Config, make_app: MakeApp) -> None:
    with pytest.raises(ConfigError) as caught:
        make_app(replace(config, egress_proxy="ftp://ann:sekrit@proxy:21"))
    assert "CREDSTORE_EGRESS_PROXY" in caught.value.sentence
    assert "sekrit" not in caught.value.sentence
