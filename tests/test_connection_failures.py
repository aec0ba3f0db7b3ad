"""Why PostgreSQL cannot be reached is told in one sentence, with the names in the URL and never the password."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL, make_url, text

from credstore import database_errors
from credstore.cli import main
from credstore.config import Config
from credstore.connection_failures import _CAUSES, UNKNOWN, cause_of
from credstore.errors import StorageDown
from credstore.log_lines import configure_logging
from credstore.minimal_app import database_app
from credstore.models import db
from tests.conftest import close
from tests.egress.certificates import DAY, GOOD_FOR, NOW, signed
from tests.fixtures.own_postgres import PASSWORD, OwnPostgres, own_postgres
from tests.fixtures.postgres import give_to_postgres

SERVER = 'connection failed: connection to server at "db.example", port 5433 failed: '
HERE = URL.create("postgresql+psycopg", "ann", "CANARY", "db.example", 5433, "shop")
TEXTS = {
    "failed to resolve host 'db.example': [Errno -2] Name or service not known": "host name “db.example” is not known",
    f"{SERVER}Connection refused\n\tIs the server running on that host?": "nothing accepts connections at db.example",
    'connection to server on socket "/tmp/.s.PGSQL.5432" failed: No such file or directory': "at the socket",
    "connection timeout expired": "db.example:5433 does not answer",
    f"{SERVER}Network is unreachable": "db.example:5433 does not answer",
    f"{SERVER}fe_sendauth: no password supplied": "the role “ann” needs a password",
    f'{SERVER}FATAL:  password authentication failed for user "ann"': "the password of the role “ann” is not accepted",
    f'{SERVER}FATAL:  Peer authentication failed for user "ann"': "only as the system's user of the same name",
    f'{SERVER}FATAL:  role "ann" does not exist': "there is no role “ann”",
    f'{SERVER}FATAL:  role "ann" is not permitted to log in': "the role “ann” may not sign in. Give it LOGIN",
    f'{SERVER}FATAL:  database "shop" does not exist': "there is no database “shop”",
    f'{SERVER}FATAL:  permission denied for database "shop"': "may not connect to the database “shop”",
    f'{SERVER}FATAL:  no pg_hba.conf entry for host "1.2.3.4", user "ann"': "pg_hba.conf",
    f"{SERVER}FATAL:  sorry, too many clients already": "no free connection",
    f"{SERVER}FATAL:  the database system is starting up": "it is starting or stopping",
    f"{SERVER}server does not support SSL, but SSL was required": "does not offer TLS",
    f"{SERVER}SSL error: certificate verify failed": "TLS with db.example:5433 failed",
    f'{SERVER}root certificate file "/root.crt" does not exist': "TLS with db.example:5433 failed",
    'invalid URI query parameter: "nonsense"\n': "the URL has a part that PostgreSQL does not take",
    f"{SERVER}FATAL:  das gibt es auf Deutsch": UNKNOWN,
}


@pytest.mark.parametrize(("said", "told"), TEXTS.items())
def test_each_failure_has_its_sentence(said: str, told: str) -> None:
    cause = cause_of(OSError(said), HERE)
    assert told in cause
    assert cause.endswith(".")
    assert "\n" not in cause


def test_every_sentence_is_in_the_table() -> None:
    told = {cause_of(OSError(said), HERE) for said in TEXTS}
    values = {"host": "db.example", "port": "5433", "user": "ann", "database": "shop"}
    assert {sentence.format(**values) for _, sentence in _CAUSES} <= told


@pytest.mark.parametrize("name", ["ssl", "certificate", "connection refused", "timed out", "database", "{port}"])
def test_what_a_role_or_database_is_called_does_not_decide(name: str) -> None:
    url = HERE.set(username=name, database=name)
    said = f'{SERVER}FATAL:  password authentication failed for user "{name}"'
    assert cause_of(OSError(said), url).startswith(f"the password of the role “{name}” is not accepted")
    missing = cause_of(OSError(f'{SERVER}FATAL:  database "{name}" does not exist'), url)
    assert missing.startswith(f"there is no database “{name}”")


@given(said=st.sampled_from(sorted(TEXTS)), password=st.text("abc@:/?#%", max_size=8).map(lambda text: f"CANARY{text}"))
def test_the_password_is_never_told(said: str, password: str) -> None:
    assert "CANARY" not in cause_of(OSError(f"{said} {password}"), HERE.set(password=password))


@pytest.mark.parametrize("url", ["postgresql://ann:p@CANARY@h/d", "postgresql://ann:p@CANARY@h:1/d"])
def test_a_password_with_an_at_sign_that_was_not_escaped_is_not_told_as_the_host(url: str) -> None:
    cause = cause_of(OSError("failed to resolve host"), make_url(url))
    assert "CANARY" not in cause
    assert "%40" in cause


@pytest.fixture(scope="module")
def server() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


def failure(config: Config, url: str) -> StorageDown:
    app = database_app(replace(config, database_url=url))
    with app.app_context(), pytest.raises(StorageDown) as down:
        db.session.execute(text("SELECT 1"))
    close(app)
    assert down.value.sentence == "The database cannot be reached. Nothing was saved.", "a page tells no names"
    assert not any(secret in repr(down.value) + down.value.cause for secret in ("CANARY", PASSWORD))
    return down.value


@pytest.mark.postgres
def test_a_real_server_that_refuses(server: OwnPostgres, config: Config) -> None:
    refusals = {
        server.url_of(password="CANARY"): "the password of the role “credstore” is not accepted",
        server.url_of(user="nobody"): "the password of the role “nobody” is not accepted, or there is no such role",
        server.url_of(database="nowhere"): "there is no database “nowhere”",
        f"postgresql://credstore@127.0.0.1:{server.port}/d": "the role “credstore” needs a password",
        f"{server.url}?sslmode=require": f"127.0.0.1:{server.port} does not offer TLS",
        f"{server.url}?nonsense=1": "the URL has a part that PostgreSQL does not take",
        "postgresql://ann:CANARY@127.0.0.1:1/d": "nothing accepts connections at 127.0.0.1:1.",
        "postgresql://ann:CANARY@/d?host=/tmp/nowhere": "there is no PostgreSQL at the socket /tmp/nowhere",
    }
    told = {url: failure(config, url).cause for url in refusals}
    assert {url for url, words in refusals.items() if words not in told[url]} == set(), told


@pytest.mark.postgres
def test_of_several_hosts_the_one_that_takes_changes_is_found(server: OwnPostgres, config: Config) -> None:
    hosts = f"host=127.0.0.1:1&host=127.0.0.1:{server.port}&target_session_attrs=read-write"
    app = database_app(replace(config, database_url=f"postgresql://credstore:{PASSWORD}@/credstore?{hosts}"))
    with app.app_context():
        assert db.session.scalar(text("SELECT 1")) == 1
    close(app)


@pytest.mark.postgres
def test_a_certificate_that_is_not_trusted(server: OwnPostgres, config: Config) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = signed("localhost", key, "localhost", key, end=NOW + DAY, sans=GOOD_FOR)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files = {
        "server.crt": certificate.public_bytes(pem),
        "server.key": private,
        "root.crt": certificate.public_bytes(pem),
    }
    for name, content in files.items():
        (server.folder / name).write_bytes(content)
        (server.folder / name).chmod(0o600)
        give_to_postgres(server.folder / name)
    server.stop()
    server.start("-c ssl=on", *(f"-c ssl_{kind}_file={server.folder}/server.{end}" for kind, end in TLS_FILES.items()))
    for file in (server.folder / "nowhere.crt", Path(__file__).parent / "egress" / "certificates.py"):
        cause = failure(config, f"{server.url}?sslmode=verify-full&sslrootcert={file}").cause
        assert cause.startswith(f"TLS with 127.0.0.1:{server.port} failed. Check sslmode and sslrootcert")


TLS_FILES = {"cert": "crt", "key": "key"}


@pytest.mark.postgres
def test_the_commands_and_the_log_tell_the_cause_once(
    server: OwnPostgres, config: Config, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = server.url_of(password="CANARY")
    env = {"DATABASE_URL": wrong, "CREDSTORE_DATA_DIR": str(config.data_dir)}
    for words in (["db", "upgrade"], ["db", "check"], ["doctor"], ["serve", "--port", "1"]):
        done = CliRunner().invoke(main, words, env=env)
        assert done.exit_code == 1
        assert "Traceback" not in done.output
        assert "CANARY" not in done.output
        if words[0] != "serve":  # which looks at its port first
            told = (
                "The database of DATABASE_URL cannot be reached: the password of the role “credstore” is not accepted"
            )
            assert done.output.count(told) == 1, done.output
    monkeypatch.setattr(database_errors, "_told", {})
    configure_logging("text", "info")
    capsys.readouterr()
    for _ in range(3):
        failure(config, wrong)
    logged = capsys.readouterr().err
    assert logged.count("The database cannot be reached: the password of the role “credstore” is not accepted") == 1
    assert "CANARY" not in logged
    assert logging.getLogger("credstore").level
