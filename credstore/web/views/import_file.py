"""The page that imports a file of another program: a preview with a line for each item, then the import.

The file is never kept: it holds secrets in clear. So the import sends it again, with a keyed hash of what was shown.
"""

from collections import Counter

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from credstore.errors import FileRefused
from credstore.vault import ImportItem
from credstore.vault.import_items import OUTCOMES, POLICIES, Policy
from credstore.web import request_context
from credstore.web.flash_messages import flash_message
from credstore.web.rendering import render_template

# Werkzeug writes a larger upload into a temporary file, where its secrets would be in clear.
MOST_BYTES = 450_000
LINES_SHOWN = 500
_TOO_LARGE = f"This file is too large for the page ({MOST_BYTES // 1000} kB). Use the command: credstore import"
_CHANGED = "This is not what the preview showed. Look at the new preview."


def register(bp: Blueprint) -> None:
    bp.url_value_preprocessor(limit_upload)
    bp.add_url_rule("/credentials/import", view_func=import_file, methods=["GET", "POST"])


def limit_upload(endpoint: str | None, _values: object) -> None:
    """Before anything reads the form. Raises FileRefused."""
    if endpoint == "credstore.import_file":
        request.max_content_length = MOST_BYTES
        if (request.content_length or 0) > MOST_BYTES:
            raise FileRefused(_TOO_LARGE)


def import_file() -> ResponseReturnValue:
    """GET: the form. POST: the preview, or with `act=store` and the hash of the last preview, the import."""
    if request.method == "GET":
        return _page([], "", "")
    from credstore.importing.formats import FORMATS, decode_text, fitting_format, read_candidates  # see `_page`

    form, policy = request.form, _policy()
    try:
        name, content = form.get("format", ""), _content(request.files.get("file"))
        if name not in FORMATS:
            raise FileRefused("Choose a format.")
        text = decode_text(content)
        candidates = read_candidates(name, text)
    except FileRefused as refusal:
        return _page([], refusal.sentence, ""), 400
    run = request_context.vault().new_import(policy)
    token = run.token_of(name, content)
    store, items = form.get("act") == "store", list[ImportItem]()
    confirmed = store and form.get("previewed") == token
    run.run(candidates, dry_run=not confirmed, tell=items.append)
    if not confirmed:
        fitting = fitting_format(name, text) if all(one.skipped for one in candidates) else None
        return _page(items, _CHANGED if store else "", token, fitting), 409 if store else 200
    flash_message(f"Import: {_summary(items)}.")
    return redirect(url_for("credstore.index"), 303)


def _policy() -> Policy:
    return next((policy for policy in POLICIES if policy == request.form.get("policy")), "skip")


def _content(upload: FileStorage | None) -> bytes:
    if upload is None or not upload.filename:
        raise FileRefused("Choose a file.")
    content: bytes = upload.read()
    if not content.strip():
        raise FileRefused("This file is empty.")
    return content


def _summary(items: list[ImportItem]) -> str:
    counts = Counter(item.outcome for item in items)
    told = [f"{counts[outcome]:,} {outcome}" for outcome in OUTCOMES if counts[outcome]]
    return ", ".join(told) or "nothing in the file"


def _page(items: list[ImportItem], problem: str, token: str, fitting: str | None = None) -> str:
    """`fitting` is the format to try where nothing can be imported in the chosen one; "" where there is none."""
    from credstore.importing.formats import FORMATS  # here, since most processes never show this page

    return render_template(
        "credstore/import.html",
        formats=FORMATS,
        policy=_policy(),
        chosen=request.form.get("format", ""),
        items=items[:LINES_SHOWN],
        more=max(len(items) - LINES_SHOWN, 0),
        stored=sum(item.outcome != "skipped" for item in items),
        summary=_summary(items),
        problem=problem,
        token=token,
        fitting=fitting,
    )
