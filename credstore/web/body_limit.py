"""In a host application: the most bytes that the body of a request to credstore may have. The host's own have none."""

from flask import Blueprint, request

from credstore.minimal_app import MAX_FORM_BYTES


def register(bp: Blueprint) -> None:
    bp.url_value_preprocessor(limit_body)


def limit_body(_endpoint: str | None, _values: object) -> None:
    """Before anything reads the body, also the host's own check of forms."""
    request.max_content_length = request.max_form_memory_size = MAX_FORM_BYTES
