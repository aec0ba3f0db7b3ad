"""The page that lists the keyboard shortcuts, and switches them off. The list shows it as a dialog."""

from flask import Blueprint

from credstore.web.rendering import render_template

# What `static/shortcuts.js` does, in the order of the page.
SHORTCUTS = (
    ("/", "Search by name"),
    ("n", "Add a credential"),
    ("j", "Go to the next row"),
    ("k", "Go to the row before"),
    ("x", "Select the row"),
    ("t", "Test the row, or else the selected rows"),
    ("?", "Show these shortcuts"),
)


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/credentials/shortcuts", view_func=shortcuts)


def shortcuts() -> str:
    return render_template("credstore/shortcuts.html", shortcuts=SHORTCUTS)
