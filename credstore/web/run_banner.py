"""Renders the banner of a run on the list."""

from credstore.errors import NotFound
from credstore.vault import Run
from credstore.web import request_context
from credstore.web.rendering import render_template
from credstore.web.run_words import RunWords


def banner_of(run_id: str) -> str:
    """The banner of the run that is under way, with its style and script; "" where there is none."""
    if not run_id:
        return ""
    try:
        run = request_context.vault().run(run_id)
    except NotFound:  # deleted since the list was read
        return ""
    return render_banner(run, whole=True)


def render_banner(run: Run, *, whole: bool = False) -> str:
    """The banner alone, or `whole`: with its style and script."""
    return render_template("credstore/_run_banner.html", run=run, words=RunWords(run), whole=whole)
