"""How much slower is the list page of 50 rows than a bare Flask view? Run by hand: python -m tests.bench.list_page"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet
from flask import Flask

from credstore import create_app
from credstore.config import Config
from credstore.migrate import upgrade
from tests.page import Page

ROUNDS, CALLS = 15, 20


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = Config(data_dir=Path(folder), field_encryption_key=Fernet.generate_key().decode(), secret_key="s" * 40)
        app = create_app(config)
        upgrade(app)
        with app.app_context():
            store = app.extensions["credstore"]
            store.accounts.create("ann", "correct horse battery staple")
            for number in range(50):
                store.vault.create("llm", f"row {number}", {"provider_type": "openai", "api_key": f"sk-{number:08}"})
        page = Page(app.test_client())
        page.sign_in("ann", "correct horse battery staple")
        page.get("/credentials")
        plain = Flask("plain")
        plain.add_url_rule("/", "hello", lambda: "hello")
        bare = plain.test_client()
        ask = [lambda: page.client.get("/credentials").data, lambda: bare.get("/").data]
        times: list[list[float]] = [[], []]
        for _ in range(ROUNDS):  # in turn, so that a busy machine is busy for both
            for which, one in enumerate(ask):
                times[which].append(seconds(one))
        listed, hello = (min(many) * 1000 for many in times)
        sys.stdout.write(f"list {listed:.2f} ms, bare {hello:.3f} ms, ratio {listed / hello:.0f}\n")


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - started) / CALLS


if __name__ == "__main__":
    main()
