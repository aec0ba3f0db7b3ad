"""The page that an invitation's link opens: choose a name and a password, and be signed in."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from credstore.access_errors import InvitationClosed
from credstore.accounts.roles import ABOUT_ROLES
from credstore.errors import InvalidFields
from credstore.web import request_context
from credstore.web.authentication import require_https
from credstore.web.new_user import NewUserForm, first_sign_in
from credstore.web.rendering import render_template


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/invitation", "invitation", require_https(invitation), methods=["GET", "POST"])


def invitation() -> ResponseReturnValue:
    form = NewUserForm(request.form, token=request.args.get("token", ""))
    token, username, password = form.token.data or "", form.username.data or "", form.password.data or ""
    invitations = request_context.services().invitations
    try:
        role = invitations.role_of(token)
        if request.method == "POST" and form.validate():
            invitations.accept(token, username, password)
            return first_sign_in(username, password)
    except InvitationClosed as closed:
        return render_template("credstore/access_refused.html", reason="invitation", sentence=closed.sentence), 403
    except InvalidFields as invalid:
        form.show(invalid)
    status = 400 if request.method == "POST" else 200
    return render_template("credstore/invitation.html", form=form, role=role, about=ABOUT_ROLES[role]), status
