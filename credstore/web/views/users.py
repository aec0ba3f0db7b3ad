"""The page of users: their roles, removing them, and invitations by a link that is shown once."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from credstore.access_errors import OwnUser
from credstore.accounts import Role, UserRecord
from credstore.accounts.roles import ABOUT_ROLES
from credstore.web import request_context
from credstore.web.flash_messages import flash_message
from credstore.web.rendering import render_template

_LARGEST_ID = 2**31 - 1


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/users", view_func=users, methods=["GET"])
    bp.add_url_rule("/users/invite", view_func=invite_user, methods=["POST"])
    bp.add_url_rule("/users/<int:user_id>/role", view_func=change_role, methods=["POST"])
    bp.add_url_rule("/users/<int:user_id>/remove", view_func=remove_user, methods=["POST"])
    bp.add_url_rule("/users/invitations/<int:invitation_id>/withdraw", view_func=withdraw_invitation, methods=["POST"])


def users() -> ResponseReturnValue:
    return _page()


def invite_user() -> ResponseReturnValue:
    """Make a link, shown in this answer alone."""
    role = _role()
    if role is None:
        return _page(wrong="Choose a role."), 400
    token = request_context.services().invitations.invite(role, request_context.username())
    return _page(link=url_for("credstore.invitation", token=token, _external=True), invited_as=role)


def change_role(user_id: int) -> ResponseReturnValue:
    """Raises NotFound, OwnUser, LastAdministrator."""
    other, role = _another(user_id), _role()
    if role is None:
        flash_message("Choose a role. Nothing was changed.", tone="warning")
    else:
        request_context.services().users.set_role(other.id, role)
        flash_message(f"{other.username} has the role {role} now.")
    return redirect(url_for("credstore.users"), 303)


def remove_user(user_id: int) -> ResponseReturnValue:
    """Raises NotFound, OwnUser, LastAdministrator."""
    gone = request_context.services().users.remove(_another(user_id).id)
    flash_message(f"{gone.username} is removed, and signed out everywhere.")
    return redirect(url_for("credstore.users"), 303)


def withdraw_invitation(invitation_id: int) -> ResponseReturnValue:
    """Raises NotFound."""
    request_context.services().invitations.withdraw(min(invitation_id, _LARGEST_ID))
    flash_message("The invitation is withdrawn. Its link does not work any more.")
    return redirect(url_for("credstore.users"), 303)


def _role() -> Role | None:
    return next((role for role in Role if role.value == request.form.get("role")), None)


def _another(user_id: int) -> UserRecord:
    """The user of this id, who is not the one who asks: nobody locks themselves out by a slip."""
    found = request_context.services().users.get(min(user_id, _LARGEST_ID))
    if found.username == request_context.username():
        raise OwnUser("You cannot remove yourself or change your own role. Another administrator can.")
    return found


def _page(*, link: str = "", invited_as: Role | None = None, wrong: str = "") -> str:
    services = request_context.services()
    return render_template(
        "credstore/users.html",
        users=services.users.list(),
        invitations=services.invitations.list(),
        roles=ABOUT_ROLES,
        link=link,
        invited_as=invited_as,
        wrong=wrong,
    )
