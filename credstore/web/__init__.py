"""The blueprint: views call use cases of the vault and the accounts, and return HTML or JSON."""

from pathlib import Path

from flask import Blueprint

from credstore.web import (
    authorization,
    compression,
    error_handlers,
    reauthentication,
    security_headers,
    settings_pages,
    template_filters,
)
from credstore.web.views import (
    api_docs,
    audit,
    completion,
    create_edit,
    credential_list,
    credential_test,
    delete_restore,
    deleted,
    encryption_keys,
    form_again,
    health,
    import_file,
    invitation,
    login,
    metrics_page,
    notices,
    oidc,
    paste_detection,
    put_back,
    run_list,
    shortcuts,
    test_runs,
    tokens,
    users,
)

VIEWS = (
    credential_list,
    create_edit,
    form_again,
    paste_detection,
    put_back,
    credential_test,
    completion,
    delete_restore,
    deleted,
    import_file,
    test_runs,
    shortcuts,
)
_PACKAGE = Path(__file__).resolve().parent.parent


def make_blueprint(*, own_sign_in: bool) -> Blueprint:
    """The blueprint `credstore`.

    `own_sign_in` adds sign-in, set-up and health, which a host application has itself, and the pages of the
    settings.
    """
    bp = Blueprint(
        "credstore",
        __name__,
        template_folder=str(_assets("templates")),
        static_folder=str(_assets("static")),
        static_url_path="/credentials/static",
    )
    for module in (compression, authorization, *VIEWS):
        module.register(bp)
    run_list.register(bp, at_root=own_sign_in)
    template_filters.register(bp, everywhere=own_sign_in)
    error_handlers.register(bp, everywhere=own_sign_in)
    security_headers.register(bp, everywhere=own_sign_in)
    if own_sign_in:
        login.register(bp)
        oidc.register(bp)
        reauthentication.register(bp)
        invitation.register(bp)
        users.register(bp)
        health.register(bp)
        metrics_page.register(bp)
        encryption_keys.register(bp)
        audit.register(bp)
        settings_pages.register(bp)
        notices.register(bp)
        tokens.register(bp)
        api_docs.register(bp)
    return bp


def _assets(name: str) -> Path:
    """A folder of templates or static files: inside the package when installed, beside it in a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
