"""Signs users of the application in and out, with Flask-Login."""

import unicodedata

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user
from werkzeug.security import check_password_hash

from examples.workflow_runner.models import User, db

bp = Blueprint("sign_in", __name__)

MAX_NEXT_LENGTH = 2000


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    if request.method == "POST":
        user = db.session.scalar(db.select(User).where(User.username == request.form.get("username", "")))
        if user and check_password_hash(user.password_hash, request.form.get("password", "")):
            login_user(user)
            return redirect(local_path(request.args.get("next", "")) or url_for("workflow_pages.index"), 303)
        flash("This name and password do not belong together.")
    return render_template("host/sign_in.html")


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    logout_user()
    return redirect(url_for("sign_in.sign_in"), 303)


def local_path(path: str) -> str:
    """The path, or "" where it could lead to another site."""
    if len(path) > MAX_NEXT_LENGTH or not path.startswith("/") or path.startswith("//"):
        return ""
    # Browsers read a backslash as a slash, and drop control characters before they parse.
    hidden = "\\" in path or any(unicodedata.category(character)[0] in "CZ" for character in path)
    return "" if hidden else path
