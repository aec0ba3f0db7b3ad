"""Starts servers that others wrote, as `install` put them there, each on a free loopback port; stops it by its pid."""

import http.client
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fixtures.serving import free_port

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "credstore-real-servers"
HERE = Path(__file__).parent
START_SECONDS, STOP_SECONDS = 90, 5


def required(path: Path, what: str) -> Path:
    """`path`, where it is installed. Without it the test is skipped in words, and fails in continuous integration."""
    if path.exists():
        return path
    missing = f"{what} is not installed; tests/real_servers/install does it"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


def python(venv: str, what: str) -> Path:
    """The Python of one virtual environment of the cache."""
    required(CACHE / f"{venv}.done", what)
    return CACHE / venv / "bin" / "python"


@contextmanager
def started(command: Sequence[str | Path], port: int, *, env: Mapping[str, str], ready: str = "/") -> Iterator[str]:
    """The URL of a server process that answers at `ready`; it is ended, with all that it started, when the block is."""
    home = Path(tempfile.mkdtemp(prefix="real-server-"))
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(home), "PYTHONUNBUFFERED": "1", **env}
    log = home / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(map(str, command)), env=environment, cwd=home, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait_for(process, port, ready, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        _stop(process)
        shutil.rmtree(home, ignore_errors=True)


def _wait_for(process: "subprocess.Popen[bytes]", port: int, ready: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", ready)
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    pytest.fail(f"the server did not start:\n{log.read_text(errors='replace')[-3000:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
        try:
            process.wait(STOP_SECONDS)
            return
        except subprocess.TimeoutExpired:
            continue


@contextmanager
def litellm(key: str) -> Iterator[str]:
    """LiteLLM's proxy with one master key and no database: a model that is out of reach, and one that LiteLLM mocks."""
    runner = python("litellm", "LiteLLM's proxy")
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.yaml")
        config.write_text(
            "model_list:\n  - model_name: a-model\n    litellm_params:\n      model: openai/a-model\n"
            "      api_key: none\n      api_base: http://127.0.0.1:9/v1\n"
            "  - model_name: a-mock\n    litellm_params:\n      model: openai/a-mock\n"
            "      api_key: none\n      mock_response: H\n"
            f"general_settings:\n  master_key: {key}\n"
        )
        port = free_port()
        command = [runner.with_name("litellm"), "--config", config, "--host", "127.0.0.1", "--port", str(port)]
        env = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}  # it would fetch and report
        with started(command, port, env=env, ready="/health/liveliness") as url:
            yield url


@contextmanager
def fastchat(key: str) -> Iterator[str]:
    """FastChat's API server with one key, and its controller, without any model."""
    runner, port, other = python("python", "FastChat"), free_port(), free_port()
    controller = [runner, "-m", "fastchat.serve.controller", "--host", "127.0.0.1", "--port", str(other)]
    api = [runner, "-m", "fastchat.serve.openai_api_server", "--host", "127.0.0.1", "--port", str(port)]
    api += ["--controller-address", f"http://127.0.0.1:{other}", "--api-keys", key]
    with started(controller, other, env={}), started(api, port, env={}) as url:
        yield url


@contextmanager
def httpbin() -> Iterator[str]:
    runner, port = python("python", "httpbin"), free_port()
    command = [runner, "-m", "flask", "--app", "httpbin:app", "run", "--host", "127.0.0.1", "--port", str(port)]
    with started(command, port, env={}, ready="/status/200") as url:
        yield url


@contextmanager
def klaus(repositories: Path, *, user: str, password: str) -> Iterator[str]:
    """klaus over smart HTTP: reading is open, writing wants Digest authentication."""
    runner, port = python("python", "klaus"), free_port()
    command = [runner, HERE / "klaus_server.py", str(port), repositories, user, password]
    with started(command, port, env={}) as url:
        yield url


@contextmanager
def node_git_server(repositories: Path, *, user: str, password: str) -> Iterator[str]:
    """node-git-server, which wants a name and a password for reading and for writing."""
    node = shutil.which("node")
    required(CACHE / "node.done", "node-git-server")
    required(Path(node or "/nowhere"), "Node.js")
    port = free_port()
    env = {"NODE_PATH": str(CACHE / "node" / "node_modules")}
    command = [node or "", HERE / "git_server.js", str(port), repositories, user, password]
    with started(command, port, env=env) as url:
        yield url


@contextmanager
def oidc_provider(port: int, *, sites: Sequence[str], secret: str, users: Path) -> Iterator[str]:
    """The issuer of an OpenID Connect provider for the client `credstore` at `sites`; `users` is its JSON file."""
    node = shutil.which("node")
    required(CACHE / "oidc.done", "oidc-provider")
    required(Path(node or "/nowhere"), "Node.js")
    command = [node or "", HERE / "oidc" / "server.mjs", CACHE / "oidc" / "node_modules", str(port)]
    command += [",".join(sites), secret, users]
    with started(command, port, env={}, ready="/.well-known/openid-configuration"):
        yield f"http://localhost:{port}"
