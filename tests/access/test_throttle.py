"""Failed sign-ins delay the next attempt, by account and by address; no account is ever locked."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from credstore.access_errors import Throttled, WrongPassword
from credstore.accounts import Accounts
from credstore.accounts.login_throttle import (
    FREE_ATTEMPTS_PER_ACCOUNT,
    FREE_ATTEMPTS_PER_ADDRESS,
    MAX_DELAY,
    delay_after,
)
from credstore.accounts.usernames import username_key
from credstore.models import LoginFailure, db
from tests.access.conftest import HERE, NAME, PASSWORD

START = datetime(2030, 1, 1, tzinfo=UTC)
ELSEWHERE = "203.0.113.9"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def throttled(accounts: Accounts, clock: time_machine.Traveller) -> Accounts:
    accounts.create(NAME, PASSWORD)
    return accounts


def guess(accounts: Accounts, username: str = NAME, address: str = HERE) -> int:
    """Seconds to wait; 0 when the guess was looked at."""
    try:
        accounts.sign_in(username, "not the right password", address)
    except Throttled as throttled:
        return throttled.retry_after
    except WrongPassword:
        return 0
    raise AssertionError("let in")


def test_the_delays() -> None:
    delays = [delay_after(number).total_seconds() for number in range(17)]
    assert delays == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    assert delay_after(10**9) == MAX_DELAY


@pytest.mark.parametrize("username", [NAME, "nobody", "", "a\0b"])
def test_the_delay_grows_the_same_whether_the_name_exists(
    throttled: Accounts, clock: time_machine.Traveller, username: str
) -> None:
    assert [guess(throttled, username) for _ in range(FREE_ATTEMPTS_PER_ACCOUNT)] == [0] * FREE_ATTEMPTS_PER_ACCOUNT
    waits = []
    for _ in range(12):
        waits.append(guess(throttled, username))
        clock.shift(timedelta(seconds=waits[-1] - 0.5))
        assert guess(throttled, username) == 1, "not a moment too early"
        clock.shift(timedelta(seconds=0.5))
        assert guess(throttled, username) == 0
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_waiting_is_not_made_longer_by_trying(throttled: Accounts, clock: time_machine.Traveller) -> None:
    for _ in range(FREE_ATTEMPTS_PER_ACCOUNT):
        guess(throttled)
    assert [guess(throttled) for _ in range(50)] == [1] * 50
    clock.shift(timedelta(seconds=1))
    assert throttled.sign_in(NAME, PASSWORD, HERE)


def test_the_right_password_waits_too(throttled: Accounts, clock: time_machine.Traveller) -> None:
    for _ in range(FREE_ATTEMPTS_PER_ACCOUNT):
        guess(throttled)
    with pytest.raises(Throttled) as refusal:
        throttled.sign_in(NAME, PASSWORD, HERE)
    assert refusal.value.sentence == "Too many sign-in attempts. Wait 1 second, then try again."


def test_never_locked_out(throttled: Accounts, clock: time_machine.Traveller) -> None:
    for _ in range(40):
        clock.shift(timedelta(seconds=guess(throttled)))
        guess(throttled)
    clock.shift(MAX_DELAY)
    assert throttled.sign_in(NAME, PASSWORD, HERE)


def test_success_clears_the_account(throttled: Accounts, clock: time_machine.Traveller) -> None:
    for _ in range(FREE_ATTEMPTS_PER_ACCOUNT + 3):
        clock.shift(timedelta(seconds=guess(throttled)))
        guess(throttled)
    clock.shift(timedelta(minutes=15))
    throttled.sign_in(NAME, PASSWORD, HERE)
    assert [guess(throttled) for _ in range(FREE_ATTEMPTS_PER_ACCOUNT)] == [0] * FREE_ATTEMPTS_PER_ACCOUNT


def test_an_address_that_signed_in_before_is_not_kept_out(throttled: Accounts, clock: time_machine.Traveller) -> None:
    throttled.sign_in(NAME, PASSWORD, HERE)
    clock.shift(timedelta(hours=1))
    for number in range(60):
        guess(throttled, address=f"203.0.113.{number}")
    assert guess(throttled, address=ELSEWHERE) > 0, "strangers wait"
    assert throttled.sign_in(NAME, PASSWORD, HERE)


def test_a_known_address_may_not_guess_freely_either(throttled: Accounts, clock: time_machine.Traveller) -> None:
    throttled.sign_in(NAME, PASSWORD, HERE)
    assert [guess(throttled) for _ in range(FREE_ATTEMPTS_PER_ACCOUNT + 1)] == [0] * FREE_ATTEMPTS_PER_ACCOUNT + [1]


def test_one_address_over_many_names(throttled: Accounts, clock: time_machine.Traveller) -> None:
    waits = [guess(throttled, f"name{number}") for number in range(FREE_ATTEMPTS_PER_ADDRESS + 1)]
    assert waits == [0] * FREE_ATTEMPTS_PER_ADDRESS + [1]
    assert guess(throttled, "nobody", ELSEWHERE) == 0
    assert throttled.sign_in(NAME, PASSWORD, ELSEWHERE)


def test_signing_in_often_is_no_failure(throttled: Accounts, clock: time_machine.Traveller) -> None:
    for _ in range(FREE_ATTEMPTS_PER_ADDRESS * 2):
        assert throttled.sign_in(NAME, PASSWORD, HERE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8::1", "2001:db8::ffff"),
        ("::ffff:192.0.2.9", "192.0.2.9"),
        ("", "no address"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_addresses_of_one_client(throttled: Accounts, clock: time_machine.Traveller, one: str, other: str) -> None:
    for number in range(FREE_ATTEMPTS_PER_ADDRESS):
        guess(throttled, f"name{number}", one)
    assert guess(throttled, "somebody else", other) == 1
    assert guess(throttled, "somebody else", "2001:db8:0:1::1") == 0


@pytest.mark.parametrize("username", [NAME, "nobody"])
def test_parallel_guesses_do_not_slip_through(
    throttled: Accounts, together: Callable[[list[Callable[[], Any]]], list[Any]], username: str
) -> None:
    waits = together([lambda: guess(throttled, username)] * 12)
    assert sorted(waits) == [0] * FREE_ATTEMPTS_PER_ACCOUNT + [1] * (12 - FREE_ATTEMPTS_PER_ACCOUNT)


def test_parallel_guesses_from_many_addresses(
    throttled: Accounts, together: Callable[[list[Callable[[], Any]]], list[Any]]
) -> None:
    waits = together([lambda n=n: guess(throttled, NAME, f"203.0.113.{n}") for n in range(12)])
    assert waits.count(0) == FREE_ATTEMPTS_PER_ACCOUNT


def test_old_rows_are_forgotten(throttled: Accounts, clock: time_machine.Traveller) -> None:
    throttled.sign_in(NAME, PASSWORD, HERE)
    for number in range(10):
        guess(throttled, f"name{number}", ELSEWHERE)
    clock.shift(timedelta(days=2))
    guess(throttled, "nobody", HERE)
    # left: the new account and address, and that HERE is known for NAME
    assert db.session.scalar(select(func.count()).select_from(LoginFailure)) == 3
    clock.shift(timedelta(days=31))
    guess(throttled, "nobody", HERE)
    assert db.session.scalar(select(func.count()).select_from(LoginFailure)) == 2


def test_a_clock_set_back_does_not_lengthen_the_wait(throttled: Accounts, clock: time_machine.Traveller) -> None:
    for _ in range(FREE_ATTEMPTS_PER_ACCOUNT):
        guess(throttled)
    clock.shift(timedelta(days=-400))
    assert guess(throttled) == 1


def test_who_signed_in_from_an_address_is_not_kept_out_by_what_others_try_there(
    throttled: Accounts, clock: time_machine.Traveller
) -> None:
    throttled.sign_in(NAME, PASSWORD, HERE)
    for number in range(FREE_ATTEMPTS_PER_ADDRESS + 1):
        guess(throttled, f"nobody {number}")
    assert guess(throttled, "somebody else") > 0
    assert throttled.sign_in(NAME, PASSWORD, HERE)


def test_a_long_name_is_refused_before_it_is_composed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Composing takes time that grows with the square of the length, and anybody may send a name."""
    longest: list[int] = []

    def watched(form: Any, text: str) -> str:
        longest.append(len(text))
        return text

    with monkeypatch.context() as patch:  # pytest itself composes what it prints
        patch.setattr("unicodedata.normalize", watched)
        assert username_key("a" + "\u0301\u0316" * 24_000) == ""
        assert username_key("ann") == "ann"
    assert max(longest) == len("ann")
