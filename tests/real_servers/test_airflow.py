"""The secrets backend in the real Airflow: as its server reads connections and variables, and as its workers do."""

import base64
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer

from tests.client.stand_in import KEY, SECRET, TOKEN, Api
from tests.fixtures.serving import REPO
from tests.real_servers.starting import python

BACKEND = "credstore.client.airflow.CredstoreBackend"
SCRIPT = """
import json, sys
from airflow.configuration import ensure_secrets_loaded
from airflow.models import Connection as OnServer
from airflow.sdk import Connection, Variable
from airflow.sdk.exceptions import AirflowRuntimeError

def members(found):
    names = ("conn_id", "conn_type", "host", "login", "password", "schema", "port")
    return {name: value for name in names if (value := getattr(found, name))} | {"extra": found.extra_dejson}

def use(name):
    found = OnServer.get_connection_from_secrets(name)
    assert members(found) == members(Connection.get(name)), name
    return members(found)

backend = next(one for one in ensure_secrets_loaded() if type(one).__name__ == "CredstoreBackend")
try:
    backend.get_conn_value("refused")
    refusal = ""
except Exception as error:
    refusal = f"{type(error).__name__}: {error}"
print(json.dumps({
    "connections": {name: use(name) for name in json.load(sys.stdin)},
    "variable": Variable.get("plain"),
    "missing": [backend.get_conn_value("nothing"), backend.get_variable("nothing")],
    "refusal": refusal,
}))
"""


def run(api: Api, folder: Path, names: list[str]) -> tuple[dict[str, Any], str]:
    """What the script prints, and everything that Airflow wrote beside it."""
    key = folder / "private.key"
    key.write_text(base64.b64encode(KEY.private_bytes_raw()).decode())
    home = folder / "airflow"
    settings = {f"AIRFLOW__{section}__{name}": value for section, name, value in (
        *((section, name, BACKEND) for section, name in (("SECRETS", "BACKEND"), ("WORKERS", "SECRETS_BACKEND"))),
        *(
            (section, f"{name}_KWARGS", '{"connections_prefix": "airflow/", "variables_prefix": "variables/"}')
            for section, name in (("SECRETS", "BACKEND"), ("WORKERS", "SECRETS_BACKEND"))
        ),
    )}  # fmt: skip
    own = {"CREDSTORE_URL": api.server.url_for(""), "CREDSTORE_TOKEN": TOKEN, "CREDSTORE_PRIVATE_KEY_FILE": str(key)}
    places = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "AIRFLOW_HOME": str(home), "PYTHONPATH": str(REPO)}
    done = subprocess.run(
        [python("airflow", "Airflow"), "-c", SCRIPT],
        check=False,
        input=json.dumps(names),
        capture_output=True,
        text=True,
        timeout=120,
        env=settings | own | places,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    *before, report = done.stdout.splitlines()
    return json.loads(report), "\n".join(before) + done.stderr


def test_airflow_has_its_connections_and_variables_from_credstore(httpserver: HTTPServer, tmp_path: Path) -> None:
    python("airflow", "Airflow")
    api = Api(httpserver)
    httpserver.expect_request(re.compile("/api/.*")).respond_with_handler(api.answer)
    imported = {
        "conn_type": "postgres",
        "host": "db",
        "login": "ann",
        "password": SECRET,
        "schema": "x",
        "port": "5432",
    }
    tool = {"url": "https://tool.example/api", "headers": {"Authorization": f"Bearer {SECRET}"}}
    git = {"url": "https://git.example/a.git", "username": "deploy", "token": SECRET, "ssh_key": ""}
    llm = {"provider_type": "openai_compatible", "base_url": "https://llm.example/v1", "api_key": SECRET}
    for name, kind, values in (
        ("airflow/model", "llm", llm | {"organization_id": "org-1"}),
        ("airflow/bot", "telegram", {"bot_token": SECRET}),
        ("airflow/repository", "git", {"extra_config": json.dumps(git)}),
        ("airflow/tool", "tool", {"extra_config": json.dumps(tool)}),
        ("airflow/database", "tool", {"extra_config": json.dumps(imported | {"extra": {"sslmode": "require"}})}),
        ("variables/plain", "telegram", {"bot_token": f"{SECRET}-variable"}),
        ("airflow/refused", "llm", llm),
    ):
        api.add(name, kind, values)
    api.broken = "airflow/refused"
    found, log = run(api, tmp_path, ["model", "bot", "repository", "tool", "database"])
    secret = {"password": SECRET}
    assert found["connections"] == {
        "model": secret
        | {"conn_id": "model", "conn_type": "openai", "host": "https://llm.example/v1"}
        | {"extra": {"organization_id": "org-1"}},
        "bot": secret | {"conn_id": "bot", "conn_type": "telegram", "extra": {}},
        "repository": secret
        | {"conn_id": "repository", "conn_type": "git", "host": "https://git.example/a.git", "login": "deploy"}
        | {"extra": {"ssh_key": ""}},
        "tool": {"conn_id": "tool", "conn_type": "http", "host": "https://tool.example/api"}
        | {"extra": {"headers": tool["headers"]}},
        "database": imported | {"conn_id": "database", "port": 5432, "extra": {"sslmode": "require"}},
    }
    assert (found["variable"], found["missing"]) == (f"{SECRET}-variable", [None, None])
    assert found["refusal"].startswith("EnvelopeRefused")
    assert SECRET not in log + found["refusal"]
    assert TOKEN not in log + found["refusal"]
    uses = {request.get_json()["node"] for request in api.asked if request.method == "POST"}
    assert {"connection model", "variable plain"} <= uses
