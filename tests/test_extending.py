"""A new type and a new provider are one class each. Inside a host application, nothing of the host changes."""

# ruff: noqa: E501 - the scripts below are texts

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.serving import REPO
from tests.provider import Provider

KIT = """
import json, sys
from pathlib import Path
from cryptography.fernet import Fernet
from tests.page import Page
from credstore.config import Config
base, key, folder = sys.argv[1:]
CONFIG = Config(data_dir=Path(folder), field_encryption_key=Fernet.generate_key().decode(), secret_key="s" * 40,
                bind="127.0.0.1")
"""

NEW_TYPE = """
from credstore import credential_types
from credstore.probe import Outcome, ProbeRequest, Verdict

class Mail(credential_types.CredentialType):
    slug = "mail"
    label = "Mail"
    summary = "Mail service"
    fields = (
        credential_types.Field(name="server", label="Server", required=True, form="url"),
        credential_types.Field(name="mail_key", label="Mail Key", required=True, secret=True),
    )

    @classmethod
    def destination(cls, public):
        return public.get("server")

    @classmethod
    def probe(cls, values):
        headers = {"Authorization": f"Bearer {values['mail_key']}"}
        answer = yield ProbeRequest(purpose="Ask", method="GET", url=values["server"] + "/models", headers=headers)
        good = answer.status == 200
        return Verdict(outcome=Outcome.VERIFIED if good else Outcome.REJECTED, reason=f"The mail server said so.")

credential_types.CREDENTIAL_TYPES += (Mail,)
FORM = {"type": "mail", "name": "New", "mail-server": base, "mail-mail_key": key}
SECRET, DETAIL, SHOWN = "mail-mail_key", base, "Mail Key"
WRONG = {"mail-mail_key": "two words", "mail-server": "nonsense"}
"""

NEW_PROVIDER = """
from credstore.credential_types.llm import providers
from credstore.credential_types.llm.providers.openai import OpenAI

class Acme(OpenAI):
    slug = "acme"
    label = "Acme AI"
    base_url = base

providers.PROVIDERS += (Acme,)
FORM = {"type": "llm", "name": "New", "llm-provider_type": "acme", "llm-api_key": key}
SECRET, DETAIL, SHOWN = "llm-api_key", "acme", "Acme AI"
WRONG = {"llm-api_key": "two words"}
"""

WALK = """
from credstore import create_app
from credstore.migrate import upgrade
from credstore.models import db
app = create_app(CONFIG)
upgrade(app)
with app.app_context():
    app.extensions["credstore"].accounts.create("ann", "correct horse battery staple")
page = Page(app.test_client())
page.sign_in("ann", "correct horse battery staple")
page.canaries.add(key)
page.get("/credentials/new")
results = {}
results["masked"] = page.document.find("input", name=SECRET)[0].attrs["type"]
results["shown"] = SHOWN in page.text
page.post("/credentials/new", FORM | WRONG, status=400)
results["wrong"] = sorted(c.attrs["name"] for c in page.document.find(aria_invalid="true"))
page.post("/credentials/new", FORM)
page.get("/credentials")
results["detail"] = DETAIL in page.document.column(4)[0].text
(button,) = page.document.find("button", class_="test")
page.post(button.attrs["formaction"])
page.get("/credentials")
results["mark"] = page.document.find("a", class_="verdict")[0].attrs["data-mark"]
row = page.document.find("input", name="ids")[0].attrs["value"]
results["json"] = page.get(f"/credentials/{row}", headers={"Accept": "application/json"}).json["sealed"]
page.get(f"/credentials/{row}/edit")
with app.app_context():
    ((public, sealed),) = db.session.connection().exec_driver_sql("SELECT public, sealed FROM credential").all()
    results["sealed"] = key not in public and key not in sealed and len(sealed) > 100
    results["opens"] = key in app.extensions["credstore"].vault.resolve(row).values()
    db.session.remove()
    db.engine.dispose()
print(json.dumps(results))
"""


def run_script(script: str, provider: Provider, folder: Path, base: str = "/openai/v1") -> dict[str, object]:
    command = [
        sys.executable,
        "-W",
        "error",
        "-c",
        KIT + script,
        provider.url(base),
        provider.key,
        str(folder / "data"),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, cwd=REPO)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    ("script", "wrong", "sealed"),
    [
        (NEW_TYPE, ["mail-mail_key", "mail-server"], ["mail_key"]),
        (NEW_PROVIDER, ["llm-api_key"], ["api_key"]),
    ],
    ids=["kind", "provider"],
)
def test_one_class_is_enough(
    script: str, wrong: list[str], sealed: list[str], provider: Provider, tmp_path: Path
) -> None:
    assert run_script(script + WALK, provider, tmp_path) == {
        "masked": "password",
        "shown": True,
        "wrong": wrong,
        "detail": True,
        "mark": "pass",
        "json": sealed,
        "sealed": True,
        "opens": True,
    }
    assert provider.asked("/openai/v1/models")[0].key == provider.key


HOST = """
import logging
import re
from flask import Flask, abort, redirect, request, session
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader
from credstore.extension import Credstore
from credstore.migrate import upgrade
from credstore.models import db as ours

app = Flask("host", static_folder=None)
app.config.update(SECRET_KEY="h" * 40, SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}-host.sqlite3", WTF_CSRF_TIME_LIMIT=60)
app.jinja_loader = DictLoader({"base.html": "HOST {% block body %}{% endblock %}",
                               "error.html": "host error", "own.html": "{% extends 'base.html' %}{% block body %}own{% endblock %}"})
theirs = SQLAlchemy(app)

class Thing(theirs.Model):
    id = theirs.Column(theirs.Integer, primary_key=True)

@app.errorhandler(404)
def missing(_):
    return "the host's own 404", 404

@app.errorhandler(Exception)
def broken(error):
    return f"the host's own handler: {type(error).__name__}", 500

@app.get("/own")
def own():
    from flask import render_template
    session["host"] = 1
    return render_template("own.html")

@app.get("/crash")
def crash():
    raise RuntimeError

@app.get("/things")
def things():
    return str(theirs.session.query(Thing).count())

def check():
    return None if request.headers.get("X-User") == "ann" else redirect("/host-login", 303)

Credstore(app, config=CONFIG, authorize=check)
upgrade(app)
with app.app_context():
    theirs.create_all()
results = {}
client = app.test_client()
nobody = [
    client.open(re.sub(r"<uuid:[a-z_]+>", "1" * 8 + "-1111-4111-8111-" + "1" * 12, rule.rule), method=method)
    for rule in app.url_map.iter_rules() if rule.endpoint.startswith("credstore.") and rule.endpoint != "credstore.static"
    for method in rule.methods if method in {"GET", "HEAD", "OPTIONS"}
]
results["guarded"] = sorted({(a.status_code, a.headers.get("Location")) for a in nobody})
class Signed:
    def __init__(self, client): self.client = client
    def get(self, url, headers=(), **more): return self.client.get(url, headers={"X-User": "ann", **dict(headers)}, **more)
    def post(self, url, headers=(), **more): return self.client.post(url, headers={"X-User": "ann", **dict(headers)}, **more)
page = Page(Signed(app.test_client()))
page.canaries.add(key)
form = {"type": "llm", "name": "In a host", "llm-provider_type": "openai_compatible", "llm-api_key": key, "llm-base_url": base}
page.get("/credentials/new")
page.post("/credentials/new", form)
page.get("/credentials")
results["listed"] = "In a host" in page.text
results["no sign out"] = "Sign out" not in page.text
(button,) = page.document.find("button", class_="test")
page.post(button.attrs["formaction"])
page.get("/credentials")
results["mark"] = page.document.find("a", class_="verdict")[0].attrs["data-mark"]
row = page.document.find("input", name="ids")[0].attrs["value"]
for url in (f"/credentials/{row}", f"/credentials/{row}/edit", f"/credentials/{row}/delete"):
    page.get(url)
results["ours 404"] = "There is no such credential" in page.get(f"/credentials/{'1' * 8}-1111-4111-8111-{'1' * 12}", status=404).text
page.get("/credentials")
page.post("/credentials/delete", {"ids": row})
host = app.test_client()
results["their 404"] = host.get("/nowhere").text
results["their crash"] = host.get("/crash").text
own = host.get("/own")
results["own page"] = own.text
results["own cookie"] = own.headers["Set-Cookie"].partition("=")[0]
results["own headers"] = "Content-Security-Policy" not in own.headers
results["things"] = host.get("/things").text
results["binding"] = app.config["SQLALCHEMY_DATABASE_URI"].rpartition("-")[2]
results["extension"] = app.extensions["sqlalchemy"] is theirs
results["routes"] = sorted(r.rule for r in app.url_map.iter_rules() if r.rule in {"/", "/login", "/logout", "/setup", "/healthz"})
with app.app_context():
    results["tables"] = sorted(__import__("sqlalchemy").inspect(theirs.engine).get_table_names())
    for each in (theirs, ours):
        each.session.remove()
        each.engine.dispose()
print(json.dumps(results))
"""


def test_inside_a_host_application(provider: Provider, tmp_path: Path) -> None:
    assert run_script(HOST, provider, tmp_path) == {
        "guarded": [[303, "/host-login"]],
        "listed": True,
        "no sign out": True,
        "mark": "pass",
        "ours 404": True,
        "their 404": "the host's own 404",
        "their crash": "the host's own handler: RuntimeError",
        "own page": "HOST own",
        "own cookie": "session",
        "own headers": True,
        "things": "0",
        "binding": "host.sqlite3",
        "extension": True,
        "routes": [],
        "tables": ["thing"],
    }
