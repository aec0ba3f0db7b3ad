"""The test tools themselves: a lint or a watch that cannot fail would prove nothing."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page as Tab

from tests.conftest import SLOW_FILES
from tests.fixtures.browsing import MakeContext, Watch
from tests.fixtures.serving import REPO
from tests.page import Document, Page, lint
from tests.provider import Provider

CLEAN = (
    '<!doctype html><html lang="en"><head><title>T</title><script src="/a.js"></script></head><body>'
    '<form id="f" method="post" action="/x"><label>A <input name="a"></label></form>'
    '<label for="b">B</label><select id="b" name="b" form="f"></select>'
    '<input type="hidden" name="csrf_token" value="t" form="f"></body></html>'
)
FAULTS = [
    ("no title", "<title>T</title>", "<title> </title>"),
    ("no lang", ' lang="en"', ""),
    ("is used 2 times", '<label for="b">', '<label id="b" for="b">'),
    ("inline <script>", ' src="/a.js">', ">alert(1)"),
    ("inline style=", "<body>", '<body style="color:red">'),
    ("inline onclick=", "<body>", '<body onclick="x()">'),
    ("inline href=", "<body>", '<body><a href="javascript:x()">x</a>'),
    ("<input name='a'> has no label", "<label>A", "<p>A"),
    ("<select name='b'> has no label", 'for="b"', 'for="c"'),
    ("has no action", ' action="/x"', ""),
    ("has no csrf_token", 'value="t"', 'value=""'),
    ("has no csrf_token", 'form="f"></body>', 'form="g"></body>'),
]


def test_a_clean_page_has_no_faults() -> None:
    assert lint(Document(CLEAN)) == []


@pytest.mark.parametrize(("words", "old", "new"), FAULTS, ids=[f"{words}: {new}" for words, _, new in FAULTS])
def test_the_lint_sees_a_planted_fault(words: str, old: str, new: str) -> None:
    assert old in CLEAN
    assert words in "; ".join(lint(Document(CLEAN.replace(old, new, 1))))


@pytest.mark.parametrize("shown", ["a&b<1234", "a&amp;b&lt;1234", "a%26b%3C1234", "YSZiPDEyMzQ="])
def test_a_canary_is_seen_in_every_disguise(shown: str) -> None:
    app = Flask("planted")
    app.add_url_rule("/", view_func=lambda: (CLEAN.replace("<body>", f"<body>{shown}"), 200))
    page = Page(app.test_client())
    page.get("/")
    page.canaries.add("a&b<1234")
    with pytest.raises(AssertionError, match="came back"):
        page.get("/")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("provoke", "words"),
    [
        (lambda tab, url: tab.goto(url("/down/v1")), "503 GET"),
        (lambda tab, url: tab.goto(url("/openai/v1/models")), "status of 401"),
        (lambda tab, url: tab.evaluate("console.error('planted')"), "console: planted"),
        (lambda tab, url: tab.evaluate("setTimeout(() => { throw new Error('planted') })"), "page: planted"),
        (lambda tab, url: tab.evaluate("fetch('http://127.0.0.1:1/').catch(() => 0)"), "ERR_UNSAFE_PORT"),
    ],
)
def test_the_watch_sees_what_the_browser_complains_of(
    browser_context: MakeContext, watch: Watch, provider: Provider, provoke: Callable[..., object], words: str
) -> None:
    tab: Tab = browser_context().new_page()
    tab.goto(provider.url("/html/v1"))
    provoke(tab, provider.url)
    tab.wait_for_timeout(200)
    assert words in "\n".join(watch.unexpected)
    watch.allow(".")


@pytest.mark.browser
@pytest.mark.parametrize("java_script", [True, False])
def test_the_watch_sees_what_a_content_security_policy_refuses(
    browser_context: MakeContext, watch: Watch, java_script: bool
) -> None:
    tab = browser_context(java_script_enabled=java_script).new_page()
    headers = {"Content-Security-Policy": "default-src 'none'"}
    page = '<body style="color: red">'
    tab.route(
        "http://planted.invalid/", lambda route: route.fulfill(headers=headers, content_type="text/html", body=page)
    )
    tab.goto("http://planted.invalid/")
    tab.wait_for_timeout(200)
    assert "Content Security Policy" in "\n".join(watch.unexpected)
    watch.allow(".")


def test_the_files_that_run_first_exist() -> None:
    assert [name for name in SLOW_FILES if not (REPO / "tests" / name).is_file()] == []


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ("", ""),
        ("global.timeout='60'\nnonsense\n", ""),
        ("global.index-url='https://one.example/simple'\n", "export UV_DEFAULT_INDEX=https://one.example/simple\n"),
        (":env:.index-url='https://env.example'\nglobal.index-url='https://file.example'\n", "https://env.example\n"),
        ("global.find-links='/a'\ninstall.find-links='/b c.d'\n", "export UV_FIND_LINKS=/b,c.d\n"),
        ("global.extra-index-url='\\nfile:///a\\nfile:///b'\n", "export UV_INDEX='file:///a file:///b'\n"),
        ("global.cert='/it''s'\n", "export SSL_CERT_FILE=/its\n"),
        ("global.constraint='$(touch x)'\n", "export UV_CONSTRAINT='$(touch x)'\n"),
    ],
)
def test_uv_is_told_what_pip_knows(listed: str, told: str) -> None:
    command = [sys.executable, REPO / "tests" / "uv_settings.py"]
    done = subprocess.run(command, input=listed, env={}, capture_output=True, text=True, check=True)
    assert done.stdout.endswith(told)
    assert bool(done.stdout) is bool(told)
