"""The name that the pages have in their titles and in the header."""

import re
from typing import NamedTuple

from credstore.errors import ConfigError

# Browsers read “//host” and “/\\host” as another site, and leave out tabs and line feeds before that.
_LINK = re.compile(r"(?:/(?![/\\])|https?://)[^\x00-\x20\x7f\\]*\Z")


class Brand(NamedTuple):
    """`link` is where the name in the header leads; "" for the list of credentials."""

    name: str = "credstore"
    link: str = ""


def brand_of(given: str | tuple[str, str] | None) -> Brand:
    """What a host application gave: a name, a name and a link, or nothing. Raises ConfigError."""
    brand = Brand() if given is None else Brand(given) if isinstance(given, str) else Brand(*given)
    if not brand.name.strip():
        raise ConfigError("brand must be a name, or a name and a link.")
    if brand.link and not _LINK.match(brand.link):
        raise ConfigError("The link of brand must be a path that begins with “/”, or an https:// address.")
    return brand
