"""A copy of a running site, for states that must not disturb it: no key, no credentials, a broken page.

It has a database of its own with the same administrators and sessions, and is served by threads of this process.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from credstore import create_app
from credstore.config import DATABASE_FILE, Config
from tests.browser.live_site import LiveSite
from tests.conftest import close
from tests.fixtures.serving import Server


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@contextmanager
def copied(site: LiveSite, **settings: Any) -> Iterator[LiveSite]:
    """`settings` replace those of the site. A browser that is signed in there is signed in here."""
    with TemporaryDirectory(prefix="credstore-copy-") as folder:
        server = Server(Path(folder))
        server.data_dir.mkdir()
        with (
            closing(sqlite3.connect(site.server.data_dir / DATABASE_FILE)) as source,
            closing(sqlite3.connect(server.data_dir / DATABASE_FILE)) as target,
        ):
            source.backup(target)
        config = Config.from_env(site.server.environment, bind="127.0.0.1", port=server.port)
        app = create_app(replace(config, data_dir=server.data_dir, **settings))
        with _served(app, server.port):
            yield LiveSite(server, app)


@contextmanager
def _served(app: Flask, port: int) -> Iterator[None]:
    listener = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
        close(app)
