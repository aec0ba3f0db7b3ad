"""Limits sign-in attempts by account and by address. The counts are in the database, shared by all worker processes.

An account is never locked: the delay grows to 15 minutes at most. Each address from which the account signed in before
has a count of its own for this account, so that failed attempts from elsewhere do not keep the owner out. Call every
function inside `database.write_transaction`.
"""

import hashlib
import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, or_, select, update

from credstore.access_errors import Throttled
from credstore.database import AnySession, insert
from credstore.models import LoginFailure

FREE_ATTEMPTS_PER_ACCOUNT = 4
FREE_ATTEMPTS_PER_ADDRESS = 20  # many people of one office may share an address
MAX_DELAY = timedelta(minutes=15)
FORGET_FAILURES = timedelta(days=1)
FORGET_ADDRESS = timedelta(days=30)
_CODE = "provider's code"
_WRONG_TOKENS = "Too many wrong tokens from this address. Wait {}."


@dataclass(frozen=True)
class LoginSubjects:
    """What an attempt is counted by, as hashes: the keys of the table `login_failure`."""

    account: str
    address: str
    known: str  # the account from this address; a new password changes it, so that a reset forgets the address

    @classmethod
    def of(cls, key: str, address: str, password_hash: str | None) -> "LoginSubjects":
        """`key` is the username's key, or the raw text for an unknown name; `address` is the client's IP address."""
        network = _network(address)
        return cls(
            _digest("account", key), _digest("address", network), _digest("known", key, network, str(password_hash))
        )


def register_attempt(session: AnySession, caller: LoginSubjects, moment: datetime) -> None:
    """Count one more attempt, before its password is verified, so that parallel attempts are counted too.

    Raises Throttled, and counts nothing, while the account or the address must wait.
    """
    _forget_old(session, moment)
    account = _account_of(session, caller)
    # An account that signed in from this address before does not wait for the failures of others at this address.
    subjects = {account} if account == caller.known else {account, caller.address}
    wait = max(
        _wait(
            session,
            subject,
            FREE_ATTEMPTS_PER_ADDRESS if subject == caller.address else FREE_ATTEMPTS_PER_ACCOUNT,
            moment,
        )
        for subject in sorted(subjects)  # always in the same order, so that two transactions cannot deadlock
    )
    if wait > timedelta(0):
        seconds = math.ceil(wait.total_seconds())
        raise Throttled(f"Too many sign-in attempts. Wait {_duration(seconds)}, then try again.", seconds)
    counted = update(LoginFailure).where(LoginFailure.subject.in_(subjects))
    session.execute(counted.values(failures=LoginFailure.failures + 1, failed_at=moment))


def clear_after_success(session: AnySession, caller: LoginSubjects, known: str, moment: datetime) -> None:
    """After a successful sign-in: clear the account, subtract the address's attempt, and store the known address."""
    reset_account(session, caller.account)
    _take_back(session, caller.address)
    remember_address(session, known, moment)


def remember_address(session: AnySession, known: str, moment: datetime) -> None:
    """Failures from elsewhere do not count for this account and address; `known` is `LoginSubjects.known`."""
    cleared = {"failures": 0, "failed_at": moment}
    row = insert(session, LoginFailure).values(subject=known, **cleared)
    session.execute(row.on_conflict_do_update(index_elements=["subject"], set_=cleared))


def reset_account(session: AnySession, account: str) -> None:
    """Forget the failures of an account; `account` is `LoginSubjects.account`."""
    session.execute(delete(LoginFailure).where(LoginFailure.subject == account))


def register_wrong_token(session: AnySession, address: str, moment: datetime) -> None:
    """Count a machine token that is refused, by its address. Raises Throttled while the address must wait.

    A right token is not counted and does not wait: many programs of one office may share an address.
    """
    _register_address(session, "token", address, moment)


def register_refused_by_provider(session: AnySession, address: str, moment: datetime) -> None:
    """The same for a sign-in by the OpenID Connect provider that failed, whatever the cause."""
    _register_address(session, "provider", address, moment)


def register_code(session: AnySession, address: str, moment: datetime) -> None:
    """Count a code of the OpenID Connect provider before it is sent there. Raises Throttled as `register_attempt` does.

    Only who holds the state of a sign-in that began in their browser is counted: no other site can make people wait.
    """
    _register_address(session, _CODE, address, moment, "Too many sign-in attempts. Wait {}, then try again.")


def clear_codes(session: AnySession, address: str) -> None:
    """After a code that was right: forget those of the address."""
    reset_account(session, _digest(_CODE, _network(address)))


def take_back_code(session: AnySession, address: str) -> None:
    """Where the provider could not be asked about a code: it counts for nothing."""
    _take_back(session, _digest(_CODE, _network(address)))


def _take_back(session: AnySession, subject: str) -> None:
    decremented = case((LoginFailure.failures > 0, LoginFailure.failures - 1), else_=0)
    session.execute(update(LoginFailure).where(LoginFailure.subject == subject).values(failures=decremented))


def _register_address(
    session: AnySession, what: str, address: str, moment: datetime, sentence: str = _WRONG_TOKENS
) -> None:
    _forget_old(session, moment)
    subject = _digest(what, _network(address))
    wait = _wait(session, subject, FREE_ATTEMPTS_PER_ADDRESS, moment)
    if wait > timedelta(0):
        seconds = math.ceil(wait.total_seconds())
        raise Throttled(sentence.format(_duration(seconds)), seconds)
    counted = update(LoginFailure).where(LoginFailure.subject == subject)
    session.execute(counted.values(failures=LoginFailure.failures + 1, failed_at=moment))


def account_subject(key: str) -> str:
    """The subject of an account, by its username's key."""
    return _digest("account", key)


def delay_after(failures: int, free: int = FREE_ATTEMPTS_PER_ACCOUNT) -> timedelta:
    """How long the next attempt must wait after `failures` in a row: 0 for the first `free`, then 1, 2, 4 … seconds."""
    if failures < free:
        return timedelta(0)
    return min(MAX_DELAY, timedelta(seconds=2 ** min(failures - free, 10)))


def _account_of(session: AnySession, caller: LoginSubjects) -> str:
    known = session.scalar(select(LoginFailure.subject).where(LoginFailure.subject == caller.known))
    return known or caller.account


def _wait(session: AnySession, subject: str, free: int, moment: datetime) -> timedelta:
    """How long `subject` must still wait. Inserts its row if missing, and locks it until the transaction ends."""
    row = insert(session, LoginFailure).values(subject=subject, failures=0, failed_at=moment)
    locked = row.on_conflict_do_update(index_elements=["subject"], set_={"failures": LoginFailure.failures})
    failures, failed_at = session.execute(locked.returning(LoginFailure.failures, LoginFailure.failed_at)).one()
    delay = delay_after(failures, free)
    return min(delay, failed_at + delay - moment)  # a clock that was set back must not lengthen the wait


def _forget_old(session: AnySession, moment: datetime) -> None:
    old = or_(
        LoginFailure.failed_at < moment - FORGET_ADDRESS,
        (LoginFailure.failures > 0) & (LoginFailure.failed_at < moment - FORGET_FAILURES),
    )
    unused = select(LoginFailure.subject).where(old).with_for_update(skip_locked=True)  # waiting here could deadlock
    session.execute(
        delete(LoginFailure).where(LoginFailure.subject.in_(unused)).execution_options(synchronize_session=False)
    )


def _network(address: str) -> str:
    """The address; for IPv6 its /64, which one customer has as a whole. "unknown" for what is no address."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _duration(seconds: int) -> str:
    if seconds < 60:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    minutes = math.ceil(seconds / 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
