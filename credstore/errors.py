"""The exceptions that credstore raises. Imports no other module of credstore and knows no HTTP.

Those of AccessError are in `access_errors`, those of the client in `client_errors`.

    CredstoreError
    ├── ConfigError            a setting is missing or malformed; nothing may start
    ├── Refused                one value is not acceptable
    ├── InvalidFields          sentences for form fields
    │   └── KeyMismatch        a key that looks like one of another provider or type; a person decides
    ├── NotFound               no such credential
    ├── Conflict               somebody else changed the row first
    ├── InUse                  workflows use what would be deleted
    ├── CursorExpired          the feed of changes does not reach back so far
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
    │   ├── TokenRefused       no machine token, or one that is expired or revoked
    │   ├── ScopeMissing       the machine token may not do this
    │   └── SetupClosed        the set-up link is used, expired or unknown
    ├── BackupFailed           no copy of the database was written
    ├── NotSent                a notice was not taken by its receiver
    ├── CopyRefused            the database was not copied to another one
    ├── FileRefused            a file to import or to export cannot be used
    ├── EnvelopeRefused        an encrypted answer does not open
    ├── ServerRefused          credstore refused a request of its client: `status`, `problem`
    └── StorageError           the database
        ├── StorageBusy        another writer holds it; worth a retry
        ├── StorageFull
        ├── AuditUnwritable    an act cannot be noted, so that it does not happen
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

    @property
    def for_operator(self) -> str:
        """What a command prints: it may say more than a page does."""
        return self.sentence


class ConfigError(CredstoreError):
    code = "config"


class BackupFailed(CredstoreError):
    code = "backup-failed"


class CopyRefused(CredstoreError):
    code = "copy-refused"


class FileRefused(CredstoreError):
    code = "file-refused"


class NotSent(CredstoreError):
    code = "not-sent"


class Refused(CredstoreError):
    code = "refused"


class InvalidFields(CredstoreError):
    """Bad input. `fields` maps a field's name (`name`, `type`, or a field of the type) to one sentence."""

    code = "invalid-fields"

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("Some fields need attention.")
        self.fields = dict(fields)


class KeyMismatch(InvalidFields):
    """The secret `field` looks like one of another provider or type. Nothing was done until a person decides.

    `use` is the label of its owner, "" where the form cannot change to that; `kept` is the label of what was chosen;
    `consent` is what a person agrees to who keeps it.
    """

    code = "key-mismatch"

    def __init__(self, field: str, sentence: str, *, use: str, kept: str, consent: str) -> None:
        super().__init__({field: sentence})
        self.field = field
        self.sentence = sentence
        self.use = use
        self.kept = kept
        self.consent = consent


class NotFound(CredstoreError):
    code = "not-found"

    def __init__(self, sentence: str = "There is no such credential. It may have been deleted.") -> None:
        super().__init__(sentence)


class Conflict(CredstoreError):
    code = "conflict"


class InUse(CredstoreError):
    """Nothing was deleted: `consumers` workflows use it. `names` are the names of some dozens of them at most."""

    code = "in-use"

    def __init__(self, sentence: str, *, consumers: int, names: tuple[str, ...]) -> None:
        super().__init__(sentence)
        self.consumers = consumers
        self.names = names


class CursorExpired(CredstoreError):
    code = "cursor-expired"

    def __init__(self, sentence: str = "Changes since then are not kept. Read everything again.") -> None:
        super().__init__(sentence)


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


class StorageError(CredstoreError):
    code = "storage"


class StorageBusy(StorageError):
    code = "storage-busy"


class StorageFull(StorageError):
    code = "storage-full"


class AuditUnwritable(StorageError):
    """The audit log takes no entry. No audit, no act, and no secret."""

    code = "audit-unwritable"


class NotMigrated(StorageError):
    code = "not-migrated"


class StorageDown(StorageError):
    """`cause` is for the operator, "" where it is not known: what is wrong with host, role, database, password or TLS.

    It is the rest of a sentence that begins with "The database cannot be reached: ".
    """

    code = "storage-down"

    def __init__(self, sentence: str, cause: str = "") -> None:
        super().__init__(sentence)
        self.cause = cause

    @property
    def for_operator(self) -> str:
        return f"The database of DATABASE_URL cannot be reached: {self.cause}" if self.cause else self.sentence
