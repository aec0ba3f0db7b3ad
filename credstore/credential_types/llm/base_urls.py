"""The shapes in which base URLs are typed: with and without /v1, doubled, with a whole endpoint. Pure text.

No form has another scheme, host or port than what was typed: the key is sent to these URLs.
"""

# Longest first. Not /models: some base URLs do end so (Azure AI Foundry).
ENDPOINTS = ("/chat/completions", "/completions", "/messages", "/responses", "/embeddings")


def without_endpoint(base_url: str) -> str:
    """The URL up to a pasted endpoint; unchanged when it has none."""
    return next((base_url.removesuffix(end) for end in ENDPOINTS if url_path(base_url).endswith(end)), base_url)


def sibling_base_urls(base_url: str) -> tuple[str, ...]:
    """Where else the API may be, likeliest first: the endpoint cut off, with /v1, without it."""
    cut = without_endpoint(base_url).removesuffix("/models")
    shorter = (cut,) if cut != base_url else ()
    if url_path(cut).endswith("/v1"):
        return (*shorter, cut.removesuffix("/v1"))
    # Another version in the path (/v4 of GLM, /v3 of Ark) is meant: /v1 after it would be nonsense.
    last = url_path(cut).rpartition("/")[2]
    return shorter if last[:1] == "v" and last[1:2].isdigit() else (*shorter, f"{cut}/v1")


def url_origin(base_url: str) -> str:
    """Scheme, host and port."""
    return base_url.removesuffix(url_path(base_url))


def url_path(base_url: str) -> str:
    """What follows the origin: "" or "/…", without a slash at the end."""
    rest = base_url.partition("://")[2]
    return rest[rest.index("/") :] if "/" in rest else ""
