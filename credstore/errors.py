"""Every exception that credstore raises. Imports no other module of credstore and knows no HTTP.

    CredstoreError
    ├── ConfigError            a setting is missing or malformed; nothing may start
    ├── Refused                one value is not acceptable
    ├── InvalidFields          sentences for form fields
    ├── NotFound               no such credential
    ├── Conflict               somebody else changed the row first
    ├── Unreadable             the encrypted value cannot be decrypted
    │   └── Tampered           its key is there: the row or the value was changed outside credstore
    ├── Locked                 none of the configured keys belongs to this database
    ├── NotTestable            credentials of this type cannot be tested
    ├── RunActive              a run of tests is under way
    ├── TestsBusy              too many tests are running
    ├── EgressError            an outgoing request that must not, or could not, be made
    │   ├── Blocked            the egress policy forbids it
    │   └── Unreached          name, refused, certificate, timeout, ... (`cause`)
    ├── AccessError            sign-in and set-up
    │   ├── WrongPassword
    │   ├── Throttled          too many attempts; `retry_after` seconds
    │   └── SetupClosed        the set-up link is used, expired or unknown
    └── StorageError           the database
        ├── StorageBusy        another writer holds it; worth a retry
        ├── StorageFull
        ├── NotMigrated        the tables are missing or behind
        └── StorageDown        not reachable

The sentence of each is shown to the user. It never contains a secret or the text of another exception.
"""

from collections.abc import Mapping
from typing import ClassVar


class CredstoreError(Exception):
    """The base class. `sentence` is safe to show; `code` is stable, for programs."""

    code: ClassVar[str] = "error"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class ConfigError(CredstoreError):
    code = "config"


class Refused(CredstoreError):
    code = "refused"


class InvalidFields(CredstoreError):
    """Bad input. `fields` maps a field's name (`name`, `type`, or a field of the type) to one sentence."""

    code = "invalid-fields"

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("Some fields need attention.")
        self.fields = dict(fields)


class NotFound(CredstoreError):
    code = "not-found"

    def __init__(self, sentence: str = "There is no such credential. It may have been deleted.") -> None:
        super().__init__(sentence)


class Conflict(CredstoreError):
    code = "conflict"


class Unreadable(CredstoreError):
    code = "unreadable"


class Tampered(Unreadable):
    """The key is configured, and yet the value does not open or does not belong to its row as it stands."""

    code = "tampered"


class Locked(CredstoreError):
    code = "locked"


class NotTestable(CredstoreError):
    code = "not-testable"


class RunActive(CredstoreError):
    code = "run-active"


class TestsBusy(CredstoreError):
    __test__ = False  # the name starts like a test class; pytest must not collect it
    code = "tests-busy"


class EgressError(CredstoreError):
    """`proxy` is the host:port of the egress proxy that the request went through, "" when it went directly."""

    code = "egress"
    proxy = ""


class Blocked(EgressError):
    """`advice` names the setting and the value that would allow it, or says that nothing does."""

    code = "blocked"

    def __init__(self, sentence: str, advice: str) -> None:
        super().__init__(sentence)
        self.advice = advice


class Unreached(EgressError):
    """`cause` is one of: name, refused, certificate, proxy, timeout, reset, too-large, protocol."""

    code = "not-reached"

    def __init__(self, cause: str, sentence: str, advice: str) -> None:
        super().__init__(sentence)
        self.cause = cause
        self.advice = advice


class AccessError(CredstoreError):
    code = "access"


class WrongPassword(AccessError):
    code = "wrong-password"


class Throttled(AccessError):
    code = "throttled"

    def __init__(self, sentence: str, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class SetupClosed(AccessError):
    code = "setup-closed"


class StorageError(CredstoreError):
    code = "storage"


class StorageBusy(StorageError):
    code = "storage-busy"


class StorageFull(StorageError):
    code = "storage-full"


class NotMigrated(StorageError):
    code = "not-migrated"


class StorageDown(StorageError):
    code = "storage-down"
