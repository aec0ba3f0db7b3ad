"""Who is signed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from credstore.accounts.roles import Role

CONFIRMED_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class SessionUser:
    """The user of a valid session; `since` is when the session started.

    `confirmed`: they gave their password in the last ten minutes. `by_provider`: the OpenID Connect provider signs them
    in, and they have no password here.
    """

    username: str
    since: datetime
    role: Role
    confirmed: bool
    by_provider: bool = False
