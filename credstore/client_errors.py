"""The exceptions of a program that uses credentials from another process; see `errors`."""

from credstore.errors import CredstoreError


class EnvelopeRefused(CredstoreError):
    code = "envelope-refused"


class ServerRefused(CredstoreError):
    """`status` is that of HTTP, `problem` the code of its problem details; `retry_after` are seconds, if it said so."""

    code = "server-refused"

    def __init__(self, sentence: str, *, status: int, problem: str = "", retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.problem = problem
        self.retry_after = retry_after
