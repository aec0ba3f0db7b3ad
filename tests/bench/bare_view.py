"""The measure of everything: a Flask view that returns 30 kB of HTML and does nothing else."""

from flask import Flask

PAGE_BYTES = 30_000
_ROW = "<tr><td>A name of a row</td><td>A value</td><td>2026-01-01</td></tr>\n"

app = Flask("bare_view", static_folder=None)
page = ("<!doctype html><html lang=en><title>Rows</title><table>\n" + _ROW * PAGE_BYTES)[:PAGE_BYTES]
app.add_url_rule("/", "page", lambda: page)
app.add_url_rule("/healthz", "healthz", lambda: "ok")
