"""The blueprint: views call use cases of the vault and the accounts, and return HTML or JSON."""

from pathlib import Path

from credstore.web import (
    authorization,
    body_limit,
    compression,
    error_handlers,
    reauthentication,
    security_headers,
    settings_pages,
    template_filters,
    unknown_paths,
)
from credstore.web.addresses import AddressedBlueprint, Addresses
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
    password,
    paste_detection,
    put_back,
    run_list,
    runs,
    shortcuts,
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
    runs,
    shortcuts,
    encryption_keys,
    audit,
    notices,
    tokens,
    api_docs,
)
OWN_SITE_VIEWS = (login, oidc, reauthentication, password, invitation, users, health, metrics_page)
_PACKAGE = Path(__file__).resolve().parent.parent


def make_blueprint(addresses: Addresses, *, csp: bool) -> AddressedBlueprint:
    """The blueprint `credstore`. A stand-alone credstore has sign-in, users and health too, which a host has itself.

    `csp`: the responses have a content security policy; the other security headers they have anyway.
    """
    bp = AddressedBlueprint(
        "credstore",
        __name__,
        addresses,
        template_folder=str(_assets("templates")),
        static_folder=str(_assets("static")),
        static_url_path=addresses.rule("/credentials/static"),
    )
    own_site = addresses.own_site
    if not own_site:
        body_limit.register(bp)  # before that of the import, which is larger
    for module in (compression, authorization, *VIEWS):
        module.register(bp)
    run_list.register(bp, at_root=own_site)
    settings_pages.register(bp, with_users=own_site)
    template_filters.register(bp)
    error_handlers.register(bp, everywhere=own_site)
    security_headers.register(bp, everywhere=own_site, csp=csp)
    if own_site:
        for module in OWN_SITE_VIEWS:
            module.register(bp)
    else:
        unknown_paths.register(bp, "/credentials/<path:rest>")
        unknown_paths.register_redirects(bp, addresses)
    return bp


def _assets(name: str) -> Path:
    """A folder of templates or static files: inside the package when installed, beside it in a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
