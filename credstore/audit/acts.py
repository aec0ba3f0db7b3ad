"""The acts that the audit log knows. A use case that is new here adds its own word."""

from enum import StrEnum


class Act(StrEnum):
    """What was done. The value is what is stored and shown."""

    SIGN_IN = "sign-in"
    SIGN_IN_REFUSED = "sign-in refused"
    SIGN_OUT = "sign-out"
    USER_ADDED = "user added"
    USER_INVITED = "user invited"
    INVITATION_WITHDRAWN = "invitation withdrawn"
    USER_REMOVED = "user removed"
    ROLE_CHANGED = "role changed"
    PASSWORD_CHANGED = "password changed"  # noqa: S105 - the name of an act
    TOKEN_ISSUED = "token issued"  # noqa: S105 - the name of an act
    TOKEN_REVOKED = "token revoked"  # noqa: S105 - the name of an act
    TOKEN_REFUSED = "token refused"  # noqa: S105 - the name of an act
    CREATE = "create"
    EDIT = "edit"
    PUT_BACK = "put back"
    DELETE = "delete"
    RESTORE = "restore"
    ERASE = "erase for good"
    MOVE_REFERENCES = "references moved"
    REMOVE_REFERENCES = "references removed"
    RESOLVE = "resolve"
    TEST = "test"
    TEST_RESULT = "test result"
    COMPLETION = "completion"
    RUN = "run of tests"
    CANCEL_RUN = "run of tests cancelled"
    IMPORT = "import"
    EXPORT = "export"
    COPY = "copied from another database"
    KEY_ROTATION = "key rotation"
    KEY_RETIRED = "key retired"
    ENTRIES_REMOVED = "audit entries removed"
