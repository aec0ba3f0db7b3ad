"""The rules of the architecture, read from the source: which package imports which, how large, what is never written.

Each rule is a function from the modules to the violations it finds; one test plants a violation for each rule.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median

import pytest

REPO = Path(__file__).resolve().parents[1]

# A package may import packages of later layers, and of its own layer as long as no import cycle comes of it.
LAYERS = (
    {"web", "cli"},
    {"background_runner", "watch", "client"},
    {"vault", "accounts", "oidc", "notices"},
    {"encryption", "audit"},
    {
        "models",
        "replaced_secret_model",
        "run_models",
        "key_rotation_model",
        "notice_models",
        "audit_model",
        "machine_token_model",
        "invitation_model",
        "oidc_identity_model",
        "reference_models",
        "deletion_notes",
        "column_types",
        "database",
        "database_errors",
        "block_counts",
        "status_counts",
        "search_index",
        "sqlite_backup",
        "table_copy",
        "exclusive_source",
        "tester",
        "egress",
        "credential_types",
        "importing",
    },
    {"verdict_facts"},
    {"probe"},
    {
        "request_header_rules",
        "urls",
        "config",
        "actor",
        "key_command",
        "errors",
        "access_errors",
        "client_errors",
        "loopback",
        "redaction",
        "encoded_secrets",
        "credential_values",
        "envelope",
        "public_ids",
        "freed_memory",
        "late_modules",
        "short_docstrings",
        "postgresql_engine",
        "sqlite_engine",
        "connection_failures",
        "export_file",
        "log_lines",
        "dotenv_file",
        "setting_fields",
        "notice_settings",
        "oidc_settings",
        "quiet_hours",
        "smtp_server",
        "slow_statements",
        "slow_requests",
        "slow_responses",
        "early_refusals",
        "request_framing",
        "metrics",
    },
)
LAYER = {package: number for number, packages in enumerate(LAYERS) for package in packages}
WIRING = {"", "__main__", "app_factory", "minimal_app", "extension", "migrate", "migrations"}
WIRING |= {"gunicorn_process", "gunicorn_server", "server_main", "server_start", "start_preparation", "start_checks"}
MAY_USE_WIRING = WIRING | {"web", "cli"}
FORBIDDEN = {
    "web": {
        "credstore.models",
        "credstore.replaced_secret_model",
        "credstore.run_models",
        "credstore.key_rotation_model",
        "credstore.notice_models",
        "credstore.audit_model",
        "credstore.reference_models",
        "credstore.invitation_model",
        "credstore.oidc_identity_model",
        "credstore.encryption",
        "credstore.client",
        "requests",
        "sqlalchemy",
        "flask_sqlalchemy",
    },
    # It runs in other programs, which have no server of ours in them.
    "client": {"flask", "flask_wtf", "flask_sqlalchemy", "wtforms", "sqlalchemy", "urllib3"}
    | {f"credstore.{name}" for names in LAYERS[2:5] for name in names},
    "envelope": {"flask", "sqlalchemy", "requests"},
    "oidc": {"flask", "flask_wtf", "wtforms", "sqlalchemy", "requests", "authlib.integrations"},
    "credential_types": {"flask", "flask_wtf", "wtforms", "sqlalchemy", "requests", "urllib3"},
    "importing": {"flask", "flask_wtf", "wtforms", "sqlalchemy", "requests", "urllib3"},
    "probe": {"flask", "flask_wtf", "wtforms", "sqlalchemy", "requests", "urllib3"},
    "errors": {"credstore"},
}
OUTGOING = {"requests", "urllib3", "urllib.request", "http.client", "httpx", "smtplib"}
SPEAK_OUT = {"egress", "client"}  # the client runs beside the platform, and calls credstore itself
MEDIAN_LINES, MOST_LINES, FUNCTION_LINES, TEMPLATE_LINES = 80, 250, 40, 60


@dataclass(frozen=True)
class Module:
    path: str  # as in "credstore/web/views.py"
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source, self.path)

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> str:
        return package_of(self.name)

    @property
    def lines(self) -> int:
        return len(self.source.splitlines())

    @cached_property
    def imports(self) -> list[tuple[str, int]]:
        """What it imports, with the line. `from a import b` is both a and a.b: b may be a module."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [(alias.name, node.lineno) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                found += [(base, node.lineno), *((f"{base}.{alias.name}", node.lineno) for alias in node.names)]
        return found

    def _absolute(self, node: ast.ImportFrom) -> str:
        package = self.path.removesuffix(".py").split("/")[: -node.level] if node.level else []
        return ".".join([*package, *(node.module or "").split(".")]).strip(".")

    def at(self, line: int, what: str) -> str:
        return f"{self.path}:{line} {what}"


def package_of(name: str) -> str:
    return [*name.split("."), ""][1]


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


Modules = list[Module]


def packages_are_known(modules: Modules) -> Iterator[str]:
    for module in modules:
        if module.package not in LAYER and module.package not in WIRING:
            yield f"{module.path}: no package is called {module.package!r}; give it a place in LAYERS"


def imports_follow_the_layers(modules: Modules) -> Iterator[str]:
    known = set(LAYER) | WIRING
    for module in modules:
        for name, line in module.imports:
            there = package_of(name) if within(name, "credstore") else module.package
            if module.package in WIRING or there not in known or there == module.package:
                continue
            if there in WIRING:
                wrong = there != "" and module.package not in MAY_USE_WIRING
            else:
                wrong = LAYER[there] < LAYER[module.package] or {there, module.package} == {"web", "cli"}
            if wrong:
                yield module.at(line, f"{module.package} imports {name}: a layer imports lower ones only")


def no_import_cycles(modules: Modules) -> Iterator[str]:
    names = {module.name for module in modules}
    graph = {
        # a module may fetch a sibling by way of the package that holds both
        module.name: {name for name, _ in module.imports if name in names and not within(module.name, name)}
        for module in modules
        if module.package not in WIRING
    }
    for start, near in graph.items():
        seen, todo = set(), list(near)
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo += graph.get(name, ())
        if start in seen:
            yield f"{start} imports itself by way of others"


def packages_keep_out(modules: Modules) -> Iterator[str]:
    for module in modules:
        for name, line in module.imports:
            if any(within(name, package) for package in FORBIDDEN.get(module.package, ())):
                yield module.at(line, f"{module.package} must never import {name}")


def one_outbound_client(modules: Modules) -> Iterator[str]:
    for module in modules:
        for name, line in module.imports:
            if module.package not in SPEAK_OUT and any(within(name, package) for package in OUTGOING):
                yield module.at(line, f"imports {name}: only credstore/egress speaks to the outside, and the client")


def modules_are_small(modules: Modules) -> Iterator[str]:
    sizes = [module.lines for module in modules if module.lines]
    if sizes and median(sizes) > MEDIAN_LINES:
        yield f"the median module has {median(sizes):g} lines; at most {MEDIAN_LINES}"
    for module in modules:
        if module.lines > MOST_LINES:
            yield f"{module.path} has {module.lines} lines; at most {MOST_LINES}"


def functions_are_small(modules: Modules) -> Iterator[str]:
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > FUNCTION_LINES:
                    yield module.at(node.lineno, f"{node.name} has {size} lines; at most {FUNCTION_LINES}")


def names_mean_something(modules: Modules) -> Iterator[str]:
    for module in modules:
        vague = {"util", "utils", "helper", "helpers", "common", "misc"} & set(module.name.split("."))
        if vague:
            yield f"{module.path}: {vague.pop()!r} says nothing of what it owns"


def exceptions_are_not_shown(modules: Modules) -> Iterator[str]:
    """A caught exception's text may hold a secret: it is never made a string, printed or logged."""
    for module in modules:
        for handler in ast.walk(module.tree):
            if isinstance(handler, ast.ExceptHandler) and handler.name:
                for node in ast.walk(handler):
                    if any(isinstance(part, ast.Name) and part.id == handler.name for part in _quoted(node)):
                        yield module.at(handler.lineno, f"quotes the exception {handler.name!r}")


def _quoted(node: ast.AST) -> list[ast.expr]:
    """What this node turns into text: the arguments of str(), print(), log.error() and such, and f-string parts."""
    if isinstance(node, ast.FormattedValue):
        return [node.value]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return [node.right, *(node.right.elts if isinstance(node.right, ast.Tuple) else ())]
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        shows = {"str", "repr", "format", "print", "echo", "secho", "flash", "fail"}
        logs = {"debug", "info", "warning", "error", "exception", "critical", "log"}
        return node.args if called in shows | logs else []
    return []


def tracebacks_are_not_logged(modules: Modules) -> Iterator[str]:
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node.attr in {"format_exc", "print_exc", "exception"}:
                yield module.at(node.lineno, f"{node.attr}() writes the exception's text")


def templates_are_small(templates: Modules) -> Iterator[str]:
    for template in templates:
        if template.lines > TEMPLATE_LINES:
            yield f"{template.path} has {template.lines} lines; at most {TEMPLATE_LINES}"


def templates_escape(templates: Modules) -> Iterator[str]:
    for template in templates:
        for number, line in enumerate(template.source.splitlines(), 1):
            if re.search(r"\|\s*safe\b|autoescape\s+false", line):
                yield template.at(number, "switches escaping off")


def source_files(folder: str, pattern: str) -> Modules:
    files = sorted(path for path in (REPO / folder).rglob(pattern) if path.is_file())
    return [Module(str(path.relative_to(REPO)), path.read_text()) for path in files]


MODULES = source_files("credstore", "*.py")
TEMPLATES = source_files("templates", "*.*")
Rule = Callable[[Modules], Iterator[str]]
TEMPLATE_RULES: list[Rule] = [templates_are_small, templates_escape]
PLANTED: dict[Rule, list[tuple[str, str]]] = {
    packages_are_known: [("credstore/attic.py", "")],
    imports_follow_the_layers: [
        ("credstore/vault/create_edit.py", "from credstore.web import forms"),
        ("credstore/probe.py", "from .credential_types import CredentialType"),
        ("credstore/cli.py", "from credstore import web"),
        ("credstore/vault/rows.py", "import credstore.extension"),
    ],
    packages_keep_out: [
        ("credstore/web/views.py", "from credstore import models"),
        ("credstore/web/views.py", "from sqlalchemy import select"),
        ("credstore/credential_types/llm/declaration.py", "def f():\n    import requests"),
        ("credstore/errors.py", "from credstore.config import Config"),
        ("credstore/client/connection.py", "from credstore.vault import Vault"),
        ("credstore/client/connection.py", "from flask import Flask"),
        ("credstore/web/views.py", "from credstore.client import Client"),
        ("credstore/oidc/provider.py", "from authlib.integrations.requests_client import OAuth2Session"),
    ],
    one_outbound_client: [
        ("credstore/tester.py", "from requests import Session"),
        ("credstore/cli.py", "import http.client"),
    ],
    modules_are_small: [("credstore/models.py", "x = 1\n" * 251)],
    functions_are_small: [("credstore/models.py", "def f():\n" + "    x = 1\n" * 40)],
    names_mean_something: [("credstore/web/utils.py", ""), ("credstore/common/__init__.py", "")],
    exceptions_are_not_shown: [
        ("credstore/cli.py", f"try:\n    f()\nexcept OSError as exc:\n    {quote}")
        for quote in ("g(str(exc))", "g(f'no: {exc}')", "log.error('no: %s', exc)", "print(exc)", "g('no %s' % exc)")
    ],
    tracebacks_are_not_logged: [("credstore/cli.py", "import traceback\ntraceback.print_exc()")],
    templates_are_small: [("templates/a.html", "\n" * 61)],
    templates_escape: [("templates/a.html", "{{ name | safe }}"), ("templates/a.html", "{% autoescape false %}")],
}
PLANTS = [(rule, Module(*plant)) for rule, plants in PLANTED.items() for plant in plants]


@pytest.mark.parametrize("rule", [*PLANTED, no_import_cycles], ids=lambda rule: rule.__name__)
def test_rule(rule: Rule) -> None:
    files = TEMPLATES if rule in TEMPLATE_RULES else MODULES
    assert files, "nothing was read"
    violations = list(rule(files))
    assert not violations, "\n".join(["", *violations])


@pytest.mark.parametrize(
    ("rule", "plant"), PLANTS, ids=lambda part: getattr(part, "__name__", getattr(part, "path", ""))
)
def test_each_rule_finds_a_violation(rule: Rule, plant: Module) -> None:
    assert list(rule([plant])), f"{rule.__name__} did not see:\n{plant.source[:200]}"


def test_the_rule_on_cycles_finds_one() -> None:
    here = Module("credstore/models.py", "from credstore.encryption.keyring import seal")
    there = Module("credstore/encryption/keyring.py", "from credstore import models")
    assert list(no_import_cycles([here, there]))
    assert not list(no_import_cycles([here, Module("credstore/encryption/keyring.py", "import os")]))
