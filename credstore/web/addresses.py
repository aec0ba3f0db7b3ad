"""Where the pages and the JSON API lie: below two prefixes in a host application, else at the root.

Views give their rules as they are in a stand-alone credstore; `AddressedBlueprint` puts them where they lie here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from credstore.errors import ConfigError

LIST = "/credentials"
API = "/api/v1"
# Of the first, the API is the owner; the second is nothing's address.
_NO_PAGES = ("credstore.api_docs", "credstore.unknown_path")
_PATH = re.compile(r"(/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)+")  # browsers resolve “.” and “..” themselves


@dataclass(frozen=True, slots=True)
class Addresses:
    """`url_prefix` is the path of the list of credentials, `api_prefix` that of the API, both below SCRIPT_NAME.

    `own_site`: credstore is the whole application, so that it has `/`, sign-in and every address that is unknown.
    """

    url_prefix: str = LIST
    api_prefix: str = API
    own_site: bool = True

    def __post_init__(self) -> None:
        """Raises ConfigError for a prefix that is not a path, or where the pages would be a part of the API."""
        for name, given in (("url_prefix", self.url_prefix), ("api_prefix", self.api_prefix)):
            if not _PATH.fullmatch(given):
                raise ConfigError(f"{name} must be a path such as “/credentials”, without a slash at its end.")
        if self.url_prefix == self.api_prefix:
            raise ConfigError("url_prefix and api_prefix must differ.")
        if _is_below(self.url_prefix, self.api_prefix):
            raise ConfigError("url_prefix must not be below api_prefix: each page would be an answer of the API.")

    def require_free(self, url_map: Map) -> None:
        """Raises ConfigError where a page lies at the address of the API or below. The pages are in `url_map`."""
        at_prefix = {_endpoint_at(url_map, self.api_prefix, method) for method in ("GET", "POST")}
        for rule in url_map.iter_rules():
            is_page = rule.endpoint.startswith("credstore.") and rule.endpoint not in _NO_PAGES
            if is_page and (_is_below(rule.rule, self.api_prefix) or rule.endpoint in at_prefix):
                raise ConfigError(f"api_prefix “{self.api_prefix}” is the address of a page: choose another one.")

    def rule(self, rule: str) -> str:
        """The rule here of a view that has `rule` in a stand-alone credstore."""
        if self.own_site:
            return rule
        if _is_below(rule, API):
            return self.api_prefix + rule.removeprefix(API)
        return self.url_prefix + rule.removeprefix(LIST)

    def has(self, path: str) -> bool:
        """Whether the path of a request is below one of the two prefixes, or is one."""
        return _is_below(path, self.url_prefix) or _is_below(path, self.api_prefix)

    def is_api(self, path: str) -> bool:
        """Whether the path of a request is the API's. Of a stand-alone credstore everything below /api is."""
        return _is_below(path, "/api" if self.own_site else self.api_prefix)


class AddressedBlueprint(Blueprint):
    """A blueprint whose rules lie where `addresses` puts them."""

    def __init__(self, name: str, import_name: str, addresses: Addresses, **options: Any) -> None:
        self.addresses = addresses
        super().__init__(name, import_name, **options)

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        place = self.addresses.rule(rule)
        super().add_url_rule(place, endpoint, view_func, provide_automatic_options, **options)


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


def _endpoint_at(url_map: Map, path: str, method: str) -> str:
    """The endpoint of the view at this path, "" where there is none."""
    try:
        return str(url_map.bind("").match(path, method)[0])
    except HTTPException:
        return ""
