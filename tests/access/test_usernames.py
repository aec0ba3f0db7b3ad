"""Names that look the same are one name, and who had theirs before that still signs in."""

import unicodedata
from functools import partial

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from credstore.access_errors import ProviderRefused, WrongPassword
from credstore.accounts import Accounts, ProviderUsers, Role, Users
from credstore.accounts.passwords import hash_password
from credstore.accounts.provider_identity import ProviderIdentity
from credstore.accounts.usernames import MAX_KEY, mixes_alphabets, username_key
from credstore.database import write_transaction
from credstore.errors import InvalidFields
from credstore.models import Admin, db
from tests.access.conftest import HERE, IDLE, LONGEST, NAME, PASSWORD

WIDE_ANN = "".join(chr(ord(letter) + 0xFEE0) for letter in NAME)
BOLD_ANN = "".join(chr(0x1D41A + ord(letter) - ord("a")) for letter in NAME)
PRINTABLE = st.characters(categories=["L", "M", "N", "P", "S", "Zs"])  # few names of others may be used
UNSEEN = ("\ufe0f", "\u034f", "\u115f", "\u3164", "\uffa0", "\U000e0100")
LOOK_ALIKES = (WIDE_ANN, WIDE_ANN.upper(), BOLD_ANN, f"{NAME}\ufe0f", f"a\u034f{NAME[1:]}", f" {NAME}\u3164")
CYRILLIC_ANN = f"\N{CYRILLIC SMALL LETTER A}{NAME[1:]}"
OTHER_PASSWORD = "another horse battery staple"


def add_as_before(username: str) -> None:
    """A row as it was written while names were compared in NFC."""
    key = unicodedata.normalize("NFC", username.casefold())
    with write_transaction(db.session):
        db.session.add(
            Admin(username=username, username_key=key, password_hash=hash_password(OTHER_PASSWORD), role="editor")
        )


@given(st.text(max_size=40))
def test_a_key_is_its_own_key(text: str) -> None:
    key = username_key(text)
    assert len(key) <= MAX_KEY
    assume(len(key) <= 150 and key.isprintable())
    assert username_key(key) == key


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(st.text(PRINTABLE, max_size=30), st.sampled_from(UNSEEN), st.integers(0, 30))
def test_forms_of_a_name_have_its_key(text: str, unseen: str, at: int) -> None:
    key = username_key(text)
    assume(key)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert username_key(unicodedata.normalize(form, text)) in {key, ""}  # it may be longer than a name may be
    assert username_key(text.casefold()) == key
    narrow = "".join(letter for letter in text if letter.isascii() and letter.isprintable())
    assert username_key(narrow[:at] + unseen + narrow[at:]) == username_key(narrow)


@pytest.mark.parametrize("again", LOOK_ALIKES, ids=ascii)
def test_a_look_alike_is_the_same_name(accounts: Accounts, again: str) -> None:
    accounts.create(NAME, PASSWORD)
    with pytest.raises(InvalidFields, match="attention") as refusal:
        accounts.create(again, PASSWORD)
    assert refusal.value.fields == {"username": "A user of that name exists already. Choose another name."}
    assert accounts.sign_in(again, PASSWORD, HERE)


@pytest.mark.parametrize(
    ("name", "reason"), [*((name, "name taken") for name in LOOK_ALIKES), (CYRILLIC_ANN, "name unusable")]
)
def test_the_provider_gives_nobody_a_look_alike(accounts: Accounts, name: str, reason: str) -> None:
    accounts.create(NAME, PASSWORD)
    user = ProviderIdentity(issuer="https://id.example", subject="u-1", username=name, role=Role.ADMIN, fresh=True)
    with pytest.raises(ProviderRefused) as refusal:
        ProviderUsers(db.session, idle=IDLE, longest=LONGEST).sign_in(user, HERE)
    assert refusal.value.reason == reason
    assert [one.username for one in Users(db.session).list()] == [NAME]


def test_a_name_of_two_alphabets_is_refused(accounts: Accounts) -> None:
    for create in (accounts.create, partial(accounts.create_first_admin, accounts.new_setup_link())):
        with pytest.raises(InvalidFields) as refusal:
            create(CYRILLIC_ANN, PASSWORD)
        assert "the letters of one alphabet" in refusal.value.fields["username"]


@pytest.mark.parametrize(
    ("name", "mixed"),
    [
        *(("ann", False), ("Zo\u00e9 M\u00fcller", False), ("\u0410\u043d\u043d\u0430 Smith", False)),
        *(("\u5c71\u7530taro", False), ("\u03b1-tester", False), ("\u0430nn", True), ("anna \u03bfne", True)),
        *(("\u00b5ann", True), ("a1\u0430", False), ("", False), ("x" * 5000, False)),
    ],
)
def test_what_counts_as_two_alphabets(name: str, mixed: bool) -> None:
    assert mixes_alphabets(name) is mixed


def test_who_has_such_a_name_already_keeps_it(accounts: Accounts) -> None:
    """Beside the local ann: both sign in, each with their own password, and nobody is confused with the other."""
    users = Users(db.session)
    accounts.create(NAME, PASSWORD)
    for name in (WIDE_ANN, f"old  {CYRILLIC_ANN}"):
        add_as_before(name)
        token = accounts.sign_in(name, OTHER_PASSWORD, HERE)
        user = accounts.session_user(token)
        assert user is not None
        assert user.username == name
        assert users.named(name).role is Role.EDITOR
        accounts.confirm_password(name, OTHER_PASSWORD, address=HERE, token=token)
        with pytest.raises(WrongPassword):
            accounts.sign_in(name, PASSWORD, HERE)
        with pytest.raises(InvalidFields):
            users.create(name, PASSWORD, Role.VIEWER)
        accounts.reset_password(name, "one more horse battery staple")
        assert accounts.sign_in(name, "one more horse battery staple", HERE)
    assert accounts.sign_in(NAME, PASSWORD, HERE)
    users.remove(users.named(WIDE_ANN).id)
    assert users.named(NAME).role is Role.ADMIN
