"""Compresses the responses of this blueprint with Flask-Compress, for clients that accept it.

A page may hold a secret (the CSRF token) and a text from its URL (a search). The size of the compressed page can then
reveal the secret to somebody who chooses the URL (the BREACH attack). That needs requests from another site with the
user's cookie. Browsers mark those with `Sec-Fetch-Site`, and their responses are not compressed.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, Response, request
from flask_compress import Compress
from flask_compress.flask_compress import DictCache

from credstore.web.authorization import is_from_another_site

MIN_BYTES = 500  # below that nothing is won: an answer fits into one packet with its headers

# Measured on the list page (45 kB): zstd 3 takes 0.09 ms for 4.8 kB, brotli 1 0.08 ms for 5.5 kB, gzip 4 0.17 ms for
# 5.8 kB; gzip 6, the usual level, takes 0.47 ms for 5.6 kB.
_FOR_PAGES = {"COMPRESS_ZSTD_LEVEL": 3, "COMPRESS_BR_LEVEL": 1, "COMPRESS_LEVEL": 2}
# They have no ETag that a condition could be about.
_FOR_PAGES["COMPRESS_EVALUATE_CONDITIONAL_REQUEST"] = False
# A static file is compressed once in a process, so that it may take longer.
_FOR_FILES = {"COMPRESS_ZSTD_LEVEL": 19, "COMPRESS_BR_LEVEL": 11, "COMPRESS_LEVEL": 9}


def register(bp: Blueprint) -> None:
    pages, files = _compressor(_FOR_PAGES), _compressor(_FOR_FILES, cached=True)

    def compress(response: Response) -> Response:
        if request.endpoint == f"{bp.name}.static":
            if response.status_code != 200 or _refuses_all():
                return response
            response.direct_passthrough = False
            response.make_sequence()  # read whole, so that what is compressed can be kept
            return files.after_request(response)
        if is_from_another_site() or _refuses_all():
            return response
        return pages.after_request(response)

    bp.after_request(compress)


def _refuses_all() -> bool:
    """Whether the client names encodings only to refuse them ("gzip;q=0"), which Flask-Compress takes for a wish."""
    named = request.headers.get("Accept-Encoding", "")
    return "q=0" in named and not any(quality for _, quality in request.accept_encodings)


def _compressor(levels: Mapping[str, int], *, cached: bool = False) -> Compress:
    """A Flask-Compress with settings of its own: those of a host application are the host's."""
    settings = Flask(__name__, static_folder=None)
    options: dict[str, Any] = {"COMPRESS_REGISTER": False, "COMPRESS_MIN_SIZE": MIN_BYTES, **levels}
    options["COMPRESS_ALGORITHM"] = ["zstd", "br", "gzip"]
    if cached:
        options |= {"COMPRESS_CACHE_BACKEND": DictCache, "COMPRESS_CACHE_KEY": lambda found: found.path}
    settings.config.update(options)
    return Compress(settings)
