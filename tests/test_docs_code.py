"""The blocks of the documents work: Python, templates, nginx, settings. Shell: tests/deployment."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import crossplane
import pytest
from flask import Flask

from credstore.config import Config, settings
from credstore.encryption.keyring import generate_key
from tests.documents import Block, read_documents
from tests.fixtures.serving import REPO

DOCUMENTS = {name: each for name, each in read_documents().items() if name == "README.md" or name.startswith("docs/")}
# "" is the drawing of the layers; JavaScript is run by client/test_javascript.py
KNOWN = {"sh", "python", "jinja", "nginx", "ini", "javascript", ""}
# What the Python of a document takes as there. Its template is a file by then.
THERE = {
    "docs/embedding.md": """
import os
from flask import Flask, redirect
from flask_login import LoginManager, UserMixin, current_user, login_user
app = Flask("host", template_folder=os.environ["TEMPLATES"])
app.secret_key = "yours, from your own settings"
class User(UserMixin):
    id, role, username = "1", "admin", "ann"
LoginManager(app).user_loader(lambda user_id: User())
app.add_url_rule("/login-as-admin", view_func=lambda: str(login_user(User())))
app.context_processor(lambda: {"username": "a name of the host"})
""",
}
# What a test adds to the Python of a document: that what the text promises is so.
PROMISES = {
    "docs/api.md": """
import threading
from werkzeug.serving import make_server
from credstore import create_app
from credstore.migrate import upgrade
from credstore.models import db
app = create_app()
upgrade(app)
with app.app_context():
    credstore = app.extensions["credstore"]
    token = credstore.tokens.issue(name="documents", scopes=["read", "write"]).text
    credstore.vault.create("llm", "Old", {"provider_type": "openai", "api_key": "sk-test-0123456789"})
    db.session.remove()
server = make_server("127.0.0.1", 0, app, threaded=False)
thread = threading.Thread(target=server.serve_forever)
thread.start()
try:
    assert rename(f"http://127.0.0.1:{server.port}", token, "Old", "New") == "New"
finally:
    server.shutdown()
    thread.join()
    server.server_close()
with app.app_context():
    db.session.remove()
    db.engine.dispose()
""",
    "docs/extending.md": """
from credstore import credential_types
from credstore.credential_types.llm import providers
from credstore.probe import Outcome, ProbeResponse

assert Slack.testable is False and Mail.testable is True
assert [field.name for field in Slack.fields if field.secret] == ["token"]
probe = Mail.probe({"server": "https://mail.example.com", "key": "k"})
assert next(probe).url == "https://mail.example.com/me"
try:
    probe.send(ProbeResponse(status=401))
except StopIteration as end:
    assert end.value.outcome is Outcome.REJECTED
credential_types.CREDENTIAL_TYPES += (Slack, Mail)
providers.PROVIDERS += (Mistral,)
from flask import Flask
from credstore.extension import Credstore
from credstore.migrate import upgrade
from credstore.models import db
app = Flask(__name__)
app.secret_key = "h" * 40
Credstore(app, authorize=lambda: None)
upgrade(app)
page = app.test_client().get("/credentials/new", base_url="http://localhost").text
assert all(label in page for label in ("Slack bot authentication", "Mail service", "Mistral")), page
with app.app_context():
    db.session.remove()
    db.engine.dispose()
""",
    "docs/notices.md": """
from credstore.notices.message import test_message, to_bytes
from credstore.notices.webhook import signature
body, now = to_bytes(test_message("m1")), int(time.time())
for secret in ("whsec_bm90IGEgcmVhbCBzZWNyZXQgYnV0IGxvbmc=", "any other text of 16 characters"):
    def headers(moment, key=secret, name="m1"):
        signed = signature(key, name, moment, body)
        return {"webhook-id": "m1", "webhook-timestamp": str(moment), "webhook-signature": signed}
    assert is_from_credstore(headers(now), body, secret)
    assert not is_from_credstore(headers(now), body + b" ", secret)
    assert not is_from_credstore(headers(now, key="another secret, as long"), body, secret)
    assert not is_from_credstore(headers(now, name="m2"), body, secret)
    assert not is_from_credstore(headers(now - 301), body, secret)
""",
    "docs/use.md": """
import re
import tempfile

from pytest_httpserver import HTTPServer

from tests.client.stand_in import KEY, SECRET, TOKEN, Api

with HTTPServer() as server, tempfile.TemporaryDirectory() as folder:
    api = Api(server)
    server.expect_request(re.compile(".*")).respond_with_handler(api.answer)
    api.add("OpenAI production", "llm", {"api_key": SECRET})
    with open(f"{folder}/token", "w") as file:
        file.write(TOKEN)
    with open(f"{folder}/key", "w") as file:
        import base64
        file.write(base64.b64encode(KEY.private_bytes_raw()).decode())
    os.environ |= {
        "CREDSTORE_URL": server.url_for("/"),
        "CREDSTORE_TOKEN_FILE": f"{folder}/token",
        "CREDSTORE_PRIVATE_KEY_FILE": f"{folder}/key",
    }
    assert call_model("openai production") == {"Authorization": f"Bearer {SECRET}"}
    assert api.uses == [{"consumer": "workflow:42", "node": "ask the model"}]
""",
    "docs/embedding.md": """
from credstore.migrate import upgrade
upgrade(app)
client = app.test_client()
answer = client.get("/credentials", base_url="http://localhost")
assert (answer.status_code, answer.location) == (302, "/login"), answer.status
client.get("/login-as-admin")
page = client.get("/credentials").text
assert "<title>Credentials · Flows</title>" in page, page[:500]
assert page.index("embedded.css") < page.index("<nav>a name of the host</nav>") < page.index('<div id="credstore"')
assert "Content-Security-Policy" in client.get("/credentials").headers
other = admin.test_client()
LoginManager(admin).request_loader(lambda request: User())
page = other.get("/settings/credentials/settings")
assert '<a class="brand" href="/">' in page.text and "Settings · Flows" in page.text, page.text
assert "/settings/credentials/tokens" in page.text and "Content-Security-Policy" not in page.headers
assert page.headers["X-Frame-Options"] == "DENY"
assert other.get("/settings/api/v1/openapi.json").json["servers"] == [{"url": "/settings/api/v1"}]
with app.app_context():
    stored = credstore.vault.create("llm", "Model", {"provider_type": "openai", "api_key": "sk-test-0123456789"})
assert call_model(stored.public_id) == {"Authorization": "Bearer sk-test-0123456789"}
workflow_saved(42, "Support bot", [("node-7", stored.public_id)])
with app.app_context():
    assert [each.title for each in credstore.vault.references_of(stored.public_id).references] == ["Support bot"]
assert read_changes(0) == 1
workflow_saved(42, "Support bot", [])
with app.app_context():
    assert not credstore.vault.dependents([stored.public_id])
from credstore.models import db
for each in (app, admin):
    with each.app_context():
        db.session.remove()
        db.engine.dispose()
""",
}


def blocks(language: str) -> list[Block]:
    return [block for document in DOCUMENTS.values() for block in document.blocks if block.language == language]


def test_every_block_has_a_language_that_is_tested() -> None:
    found = {block.where: block.language for document in DOCUMENTS.values() for block in document.blocks}
    assert set(found.values()) == KNOWN, found


WITH_PYTHON = sorted({block.where.partition(":")[0] for block in blocks("python")})


@pytest.mark.parametrize("name", WITH_PYTHON)
def test_the_python_of_a_document_runs(name: str, tmp_path: Path) -> None:
    """All blocks of a document as one program, warnings as errors, and then what is promised of them."""
    code = "\n".join(block.code for block in DOCUMENTS[name].blocks if block.language == "python")
    (tmp_path / "host").mkdir()
    layouts = [block.code for block in DOCUMENTS[name].blocks if block.language == "jinja"]
    (tmp_path / "host" / "base.html").write_text("".join(layouts))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", THERE.get(name, "") + code + PROMISES[name]],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=REPO,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "TEMPLATES": str(tmp_path),
            "FIELD_ENCRYPTION_KEY": generate_key(),
            "SECRET_KEY": "a secret key, made for the tests alone",
        },
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", blocks("ini"), ids=lambda block: block.where)
def test_settings_are_valid(block: Block, tmp_path: Path) -> None:
    pairs = dict(line.split("=", 1) for line in block.code.splitlines())
    assert set(pairs) <= {setting.metadata["env"] for setting in settings()}
    Config.from_env({"HOME": str(tmp_path)} | pairs)


@pytest.mark.parametrize("block", blocks("nginx"), ids=lambda block: block.where)
def test_nginx_sets_the_headers_that_credstore_believes(
    block: Block, tmp_path: Path, config: Config, make_app: Callable[[Config], Flask]
) -> None:
    """nginx's own parser reads it; then credstore is asked as this configuration would ask it, over HTTPS."""
    file = tmp_path / "nginx.conf"
    file.write_text(f"events {{}}\nhttp {{\nserver {{\n{block.code}\n}}\n}}\n")
    parsed = crossplane.parse(str(file), strict=True)
    assert parsed["status"] == "ok", parsed["errors"]
    (http,) = (each for each in parsed["config"][0]["parsed"] if each["directive"] == "http")
    (location,) = http["block"][0]["block"]
    variables = {"$http_host": "credentials.example.com", "$remote_addr": "192.0.2.7", "$scheme": "https"}
    arguments = [each["args"] for each in location["block"] if each["directive"] == "proxy_set_header"]
    headers = {name: variables[value] for name, value in arguments}
    app = make_app(replace(config, bind="127.0.0.1", trusted_hosts=("credentials.example.com",), proxy_hops=1))
    page = app.test_client().get("/login", headers=headers)
    assert page.status_code == 200, "over https the sign-in form is shown"
    assert "Strict-Transport-Security" in page.headers
    plain = app.test_client().get("/login", headers=headers | {"X-Forwarded-Proto": "http"})
    assert plain.status_code == 403
