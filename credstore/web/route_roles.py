"""The role that each route needs. A route that is not named here needs an administrator."""

from credstore.accounts.roles import Role

_VIEWER = (
    *(
        "home",
        "logout",
        "confirm",
        "own_password",
        "oidc_confirm",
        "index",
        "without_slash",
        "show",
        "shortcuts",
        "deleted",
        "api_docs",
    ),
    *("runs", "runs_moved", "run", "run_moved", "banner"),
)
_EDITOR = (
    *("new", "create", "edit", "save", "detect_paste", "import_file", "put_back"),
    *("test", "try_completion", "confirm_run", "start_run", "cancel_run", "test_again"),
    *("confirm_one", "delete_one", "confirm_many", "delete_many"),
    *("restore", "confirm_restore", "restore_chosen"),
)
_ADMIN = (
    *("confirm_erase", "erase_chosen"),
    *("settings", "encryption_keys", "rotate_keys", "audit", "notices", "send_test_notice"),
    *("tokens", "issue_token", "revoke_token"),
    *("users", "invite_user", "change_role", "remove_user", "withdraw_invitation"),
)
ROLE_OF_ENDPOINT = {
    f"credstore.{name}": role
    for role, names in ((Role.VIEWER, _VIEWER), (Role.EDITOR, _EDITOR), (Role.ADMIN, _ADMIN))
    for name in names
}

# In a host application alone.
_IN_HOST = {"credstore.unknown_path": Role.VIEWER}


def role_needed(endpoint: str | None) -> Role:
    """The least role that may call the view `endpoint`."""
    return (ROLE_OF_ENDPOINT | _IN_HOST).get(endpoint or "", Role.ADMIN)
