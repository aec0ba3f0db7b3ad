"""The set-up link: valid for 15 minutes, for one administrator, once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from credstore.access_errors import SetupClosed
from credstore.accounts import Accounts
from credstore.errors import InvalidFields
from credstore.models import utc_now
from tests.access.conftest import HERE, NAME, PASSWORD

Together = Callable[[list[Callable[[], Any]]], list[Any]]


def test_a_claim_makes_the_administrator_and_ends_the_link(accounts: Accounts) -> None:
    link = accounts.new_setup_link()
    assert accounts.setup_open(link)
    accounts.create_first_admin(link, NAME, PASSWORD)
    assert accounts.sign_in(NAME, PASSWORD, HERE)
    assert not accounts.setup_open(link)
    with pytest.raises(SetupClosed):
        accounts.create_first_admin(link, "bob", PASSWORD)
    with pytest.raises(SetupClosed):
        accounts.new_setup_link()


@pytest.mark.parametrize("wrong", ["", "x", "\ud800", "a\0b"])
def test_a_made_up_link_opens_nothing_and_spoils_nothing(accounts: Accounts, wrong: str) -> None:
    link = accounts.new_setup_link()
    assert not accounts.setup_open(wrong)
    with pytest.raises(SetupClosed):
        accounts.create_first_admin(wrong, NAME, PASSWORD)
    assert accounts.setup_open(link)


def test_bad_fields_do_not_use_it_up(accounts: Accounts) -> None:
    link = accounts.new_setup_link()
    with pytest.raises(InvalidFields) as refusal:
        accounts.create_first_admin(link, "", "short")
    assert refusal.value.fields.keys() == {"username", "password"}
    accounts.create_first_admin(link, NAME, PASSWORD)


def test_a_new_link_ends_the_earlier_one(accounts: Accounts) -> None:
    earlier, later = accounts.new_setup_link(), accounts.new_setup_link()
    assert earlier != later
    assert not accounts.setup_open(earlier)
    with pytest.raises(SetupClosed):
        accounts.create_first_admin(earlier, NAME, PASSWORD)
    accounts.create_first_admin(later, NAME, PASSWORD)


def test_fifteen_minutes(accounts: Accounts) -> None:
    start = utc_now()
    with time_machine.travel(start, tick=False):
        link = accounts.new_setup_link()
    with time_machine.travel(start + timedelta(minutes=14, seconds=59), tick=False):
        assert accounts.setup_open(link)
    with time_machine.travel(start + timedelta(minutes=15), tick=False):
        assert not accounts.setup_open(link)
        with pytest.raises(SetupClosed):
            accounts.create_first_admin(link, NAME, PASSWORD)


def test_it_closes_when_an_administrator_comes_by_another_way(accounts: Accounts) -> None:
    link = accounts.new_setup_link()
    accounts.create(NAME, PASSWORD)
    assert not accounts.setup_open(link)
    with pytest.raises(SetupClosed):
        accounts.create_first_admin(link, "bob", PASSWORD)


def test_of_racing_claims_one_wins(accounts: Accounts, together: Together) -> None:
    link = accounts.new_setup_link()
    names = [f"name{number}" for number in range(6)]
    results = together([lambda name=name: accounts.create_first_admin(link, name, PASSWORD) for name in names])
    assert results.count(None) == 1
    assert {type(result) for result in results if result} == {SetupClosed}
    winner = names[results.index(None)]
    assert accounts.sign_in(winner, PASSWORD, HERE)


def test_of_racing_links_one_wins(accounts: Accounts, together: Together) -> None:
    links = together([accounts.new_setup_link] * 6)
    results = together(
        [lambda n=n, link=link: accounts.create_first_admin(link, f"n{n}", PASSWORD) for n, link in enumerate(links)]
    )
    assert results.count(None) == 1
