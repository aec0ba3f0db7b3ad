"""From nothing to a running page, and the second start; keys that are missing, wrong, malformed, reordered."""

import os
import re
import shutil
import socket
import sqlite3
import stat
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from credstore.encryption.keyring import key_id
from tests.browser.live_site import open_app
from tests.conftest import close
from tests.fixtures.serving import REPO, TWO_WORKERS, Serve, Server, free_port, serving
from tests.serving.browser import Person

USERS = ("ann", "correct horse battery staple")


def refused(server: Server, *words: str) -> str:
    """`credstore serve` that must end by itself with status 1; returns its output."""
    server.home.mkdir(parents=True, exist_ok=True)
    output = server.run_here("serve", "--port", str(server.port), *words, status=1)
    assert "Traceback" not in output
    return output


def refused_by_process(server: Server) -> str:
    """The same by a process of its own."""
    server.home.mkdir(parents=True, exist_ok=True)
    done = server.run("serve", "--port", str(server.port), check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def one_sentence(server: Server, *words: str) -> str:
    """`credstore serve` that refuses to start: all that it prints, a single line without the value of any setting."""
    return the_sentence(refused(server, *words))


def the_sentence(output: str) -> str:
    assert output.startswith("Error: "), output
    assert output.count("\n") == 1, output
    assert "CANARY" not in output
    return output.removeprefix("Error: ").strip()


def again(server: Server, env: Mapping[str, str] | None = None) -> Server:
    """The same installation, another process."""
    return Server(server.home, env=env or {})


@pytest.fixture(scope="module")
def started_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    server = Server(tmp_path_factory.mktemp("once") / "home")
    server.home.mkdir()
    server.run("admin", "create", "--username", USERS[0], "--password-stdin", stdin=USERS[1] + "\n")
    with serving(server):
        Person(server).sign_in().create("Stored before", base_url="http://127.0.0.1:9/v1")
    return server.home


@pytest.fixture
def sealed(started_once: Path, tmp_path: Path) -> Server:
    """An installation that was started once, has an administrator and one credential; it is stopped."""
    return Server(Path(shutil.copytree(started_once, tmp_path / "home")))


def key_file(server: Server) -> Path:
    return server.home / "data-keys" / "field_encryption_key"


def test_the_first_start_needs_nothing_and_tells_everything(tmp_path: Path) -> None:
    server = Server(tmp_path / "home")
    server.home.mkdir()
    # Not even a data folder is named: the defaults under HOME.
    environment = {"PATH": os.environ["PATH"], "HOME": str(server.home), "PYTHONUNBUFFERED": "1"}
    bare = type("Bare", (Server,), {"environment": property(lambda _: environment)})(server.home, server.port)
    try:
        bare.start([*bare.credstore, "serve", "--port", str(bare.port)], bare.home)
        link = _link(bare)
        output = bare.log()
        data = server.home / ".local" / "share" / "credstore"
        assert f"http://127.0.0.1:{bare.port}/credentials" in output
        assert re.search(rf"Data  {re.escape(str(data))}\n", output)
        assert re.search(rf"Keys  {re.escape(str(data))}-keys\n", output)
        assert "Back up both, apart from each other" in output
        assert (data / "credstore.sqlite3").is_file()
        for name in ("field_encryption_key", "secret_key"):
            file = Path(f"{data}-keys") / name
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert file.read_text().strip() not in output
        assert stat.S_IMODE(Path(f"{data}-keys").stat().st_mode) == 0o700
        assert sorted(file.name for file in Path(f"{data}-keys").iterdir()) == ["field_encryption_key", "secret_key"], (
            "no draft is left"
        )
        person = Person(bare)
        assert person.get(link).status == 200
        form = {"token": link.partition("=")[2], "username": "ann", "password": USERS[1]}
        assert person.post("/setup", form).headers["Location"] == "/credentials"
        assert person.get("/credentials").status == 200
        assert Person(bare).get(link).status == 403, "the link works once"
    finally:
        bare.stop()


def _link(server: Server) -> str:
    deadline = time.monotonic() + 10
    while not (found := re.search(r"http://[^/]+(/setup\?token=\S+)", server.log())):
        assert time.monotonic() < deadline, server.log()
        time.sleep(0.05)
    return found[1]


def test_the_second_start_keeps_the_key_and_asks_for_no_set_up(sealed: Server) -> None:
    before = key_file(sealed).read_text()
    (sealed.home / "stdout").write_text("")
    with serving(again(sealed), *TWO_WORKERS) as server:
        assert key_file(server).read_text() == before
        assert "Stored before" in Person(server).sign_in().get("/credentials").text
        assert server.get("/readyz")[0] == 200
        assert "/setup?token=" not in server.log()


def test_a_lost_key_is_never_replaced_by_a_new_one(sealed: Server) -> None:
    with sqlite3.connect(sealed.data_dir / "credstore.sqlite3") as database:
        ((key_id,),) = database.execute("SELECT key_id FROM key_check")
    database.close()
    key_file(sealed).unlink()
    output = refused_by_process(again(sealed))
    assert key_id in output
    assert "FIELD_ENCRYPTION_KEY" in output
    assert str(key_file(sealed)) in output
    assert not key_file(sealed).exists()


@pytest.mark.parametrize("text", ["canary-not-a-key", "'" + "A" * 43 + "='", "A" * 44, "A" * 43 + "=,canary"])
def test_a_malformed_key_is_refused_without_its_value(tmp_path: Path, text: str) -> None:
    output = refused(Server(tmp_path / "home", env={"FIELD_ENCRYPTION_KEY": text}))
    assert "malformed" in output
    assert "credstore keys generate" in output
    assert "canary" not in output
    assert "AAAA" not in output


def test_a_wrong_key_locks_and_everything_that_needs_none_works(sealed: Server) -> None:
    wrong = {"FIELD_ENCRYPTION_KEY": Fernet.generate_key().decode()}
    with serving(again(sealed, wrong), "--locked") as server:
        status, body = server.get("/readyz")
        assert (status, b"locked" in body) == (503, True)
        person = Person(server).sign_in()
        page = person.get("/credentials")
        assert page.status == 200
        assert "Locked: the configured key is not the one" in page.text
        row = re.search(r'name=ids value="([^"]+)"', page.text)[1]  # type: ignore[index]
        assert person.post(f"/credentials/{row}/test").status == 503
        assert person.get("/credentials").status == 200
        assert person.post(f"/credentials/{row}/delete").status == 303
        assert ">Stored before<" not in person.get("/credentials").text
        assert re.search(r"Locked: .* The key \w{8} encrypted 1 credential\.", server.log())


def test_reordered_and_added_keys_decrypt_what_the_old_one_encrypted(sealed: Server) -> None:
    old = key_file(sealed).read_text().strip()
    keyring = f" {Fernet.generate_key().decode()} , {old}"
    with serving(again(sealed, {"FIELD_ENCRYPTION_KEY": keyring})) as server:
        assert server.get("/readyz")[0] == 200
        person = Person(server).sign_in()
        row = re.search(r'name=ids value="([^"]+)"', person.get("/credentials").text)[1]  # type: ignore[index]
        assert person.post(f"/credentials/{row}/test").status == 303
        assert "Unreadable" not in person.get("/credentials").text
        person.create("Stored with the new", base_url="http://127.0.0.1:9/v1")
    assert "MISSING" not in again(sealed, {"FIELD_ENCRYPTION_KEY": keyring}).run_here("keys", "status")


def test_a_key_that_was_dropped_too_early_stops_the_start_until_it_is_given_up(sealed: Server) -> None:
    old, new = key_file(sealed).read_text().strip(), Fernet.generate_key().decode()
    app = open_app(again(sealed, {"FIELD_ENCRYPTION_KEY": f"{new},{old}"}))
    with app.app_context():
        address = {"base_url": "http://127.0.0.1:9/v1"}
        values = {"provider_type": "openai_compatible", "api_key": "sk-1234567890"} | address
        app.extensions["credstore"].vault.create("llm", "Stored with the new", values)
    close(app)
    dropped = again(sealed, {"FIELD_ENCRYPTION_KEY": new})
    output = refused(dropped)
    assert "A key that stored secrets still need is not in FIELD_ENCRYPTION_KEY:" in output
    assert "encrypted 1 credential." in output
    (command,) = re.findall(r"credstore (keys retire \w{8} --lost)", output)
    dropped.run(*command.split())
    with serving(dropped) as server:
        page = Person(server).sign_in().get("/credentials").text
        assert "Unreadable" in page
        assert "Locked" not in page


def test_beyond_loopback_an_administrator_must_exist_first(tmp_path: Path) -> None:
    server = Server(tmp_path / "home")
    output = refused(server, "--host", "0.0.0.0")
    assert "There is no administrator yet, so credstore does not serve on 0.0.0.0." in output
    assert "credstore admin create" in output


def test_a_port_in_use_is_one_sentence_and_makes_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = Server(tmp_path / "home", port=port)
        sentence = the_sentence(refused_by_process(server))
    assert sentence == (
        f"Port {port} of 127.0.0.1 is in use by another program: stop it, or choose another port with --port."
    )
    assert not list(server.home.iterdir()), "no database and no key was made"


def test_an_address_of_another_machine_is_one_sentence(tmp_path: Path) -> None:
    sentence = one_sentence(Server(tmp_path / "home"), "--host", "192.0.2.1")  # of a range kept for documentation
    assert sentence == "This machine has no address 192.0.2.1 to listen on: choose another with --host."


def test_a_wrong_key_is_one_sentence_that_names_both_and_the_way_to_start_all_the_same(sealed: Server) -> None:
    wrong = Fernet.generate_key().decode()
    sentence = one_sentence(again(sealed, {"FIELD_ENCRYPTION_KEY": wrong}))
    assert sentence == (
        f"The key {key_id(wrong)} in FIELD_ENCRYPTION_KEY is not the one that encrypted the secrets of this database, "
        f"{key_id(key_file(sealed).read_text().strip())}: restore that key, or start with --locked, to look and "
        "delete only."
    )


def test_a_stale_env_file_is_named(sealed: Server) -> None:
    """Its key is of another database, or its database is gone; nobody remembers that the file is there."""
    stale = sealed.home / ".env"
    stale.write_text(f"FIELD_ENCRYPTION_KEY={Fernet.generate_key().decode()}\n")
    assert f"in FIELD_ENCRYPTION_KEY (from {stale}) is not the one that encrypted" in one_sentence(again(sealed))
    port = free_port()
    url = f"postgresql://ann:CANARY@127.0.0.1:{port}/gone"
    stale.write_text(f"DATABASE_URL={url}\n")
    assert one_sentence(again(sealed)) == (
        f"The database of DATABASE_URL (from {stale}) cannot be reached: nothing accepts connections at "
        f"127.0.0.1:{port}. Check that PostgreSQL runs there, and the host and the port."
    )
    assert f"DATABASE_URL (from {stale})" not in one_sentence(again(sealed, {"DATABASE_URL": url})), "not used"
    stale.write_text("DATABASE_URL=nowhere\n")
    assert f"DATABASE_URL (from {stale}) is not a database URL." in one_sentence(again(sealed))


def test_two_first_starts_at_once_agree_on_one_key(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    pair = [Server(home, port=free_port()) for _ in range(2)]
    running = [
        subprocess.Popen(
            [*server.credstore, "serve", "--workers", "1", "--port", str(server.port)],
            env=server.environment, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        for server in pair
    ]  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while not all(server.healthy() for server in pair):
            assert time.monotonic() < deadline, "both must serve"
            time.sleep(0.05)
        pair[0].admin(*USERS)
        row = Person(pair[0]).sign_in().create("By the first", base_url="http://127.0.0.1:9/v1")
        other = Person(pair[1]).sign_in()
        assert other.post(f"/credentials/{row}/test").status == 303
        assert "Unreadable" not in other.get(f"/credentials/{row}").text
    finally:
        for process in running:
            process.terminate()
        output = [process.communicate(timeout=20)[1].decode() for process in running]
    assert not any("Traceback" in text for text in output), output
    assert len(list((home / "data-keys").iterdir())) == 2


def test_gunicorn_without_keys_stops_and_names_the_command(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.make_database()
    command = [
        *server.credstore[:2],
        "gunicorn",
        "--no-control-socket",
        "--bind",
        f"127.0.0.1:{server.port}",
        "wsgi:app",
    ]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=30, env=server.environment, cwd=REPO
    )
    assert done.returncode != 0
    assert "credstore keys generate" in done.stderr
    assert done.stderr.count("Booting worker") == 1
    assert not list(tmp_path.glob("*keys*")), "gunicorn makes no key"


def test_gunicorn_serves_the_wsgi_entry_point(gunicorn: Serve) -> None:
    server = gunicorn("--threads", "4")
    server.admin(*USERS)
    person = Person(server).sign_in()
    row = person.create("By gunicorn", base_url="http://127.0.0.1:8999/v1")
    assert "By gunicorn" in person.get("/credentials").text
    person.post(f"/credentials/{row}/test")
    text = person.get(f"/credentials/{row}").text
    assert "Blocked" in text, "gunicorn does not say where it is bound, so loopback stays closed"
    assert "CREDSTORE_EGRESS_ALLOW=127.0.0.1:8999" in text
