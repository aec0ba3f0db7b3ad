"""The application factory of a stand-alone credstore: session cookie, trusted hosts, proxy hops, then the extension."""

from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from credstore import metrics
from credstore.config import Config
from credstore.extension import Credstore
from credstore.minimal_app import check_keys, minimal_app
from credstore.tester import Tester
from credstore.web import request_log
from credstore.web.session_cookie import SessionCookie
from credstore.web.trusted_hosts import require_trusted_host


def build_app(config: Config, tester: Tester | None = None) -> Flask:
    """The complete application; see `credstore.create_app`. Raises ConfigError."""
    check_keys(config)
    if config.metrics:
        metrics.enable()
    app = minimal_app(config)
    app.session_interface = SessionCookie()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    request_log.register(app, trust_header=config.proxy_hops > 0)
    if config.proxy_hops:
        hops: dict[str, Any] = dict.fromkeys(("x_for", "x_proto", "x_host"), config.proxy_hops)
        app.wsgi_app = ProxyFix(app.wsgi_app, **hops)  # type: ignore[method-assign]
    require_trusted_host(app, config.hosts)
    Credstore(app, config=config, tester=tester)
    return app
