"""Creating and finding: names, pages, search, ids; and that nothing in clear reaches the database."""

import uuid

import pytest

from credstore.errors import InvalidFields, NotFound
from credstore.public_ids import new_public_id
from credstore.vault import ListFilters, Vault
from tests.vault.conftest import KEY, LLM, LOCAL, ON_SQLITE, TOKEN, Together, fill, llm, scalar

EVERY_KIND = [
    ("llm", LLM, "api_key"),
    ("telegram", {"bot_token": TOKEN}, "bot_token"),
    ("git", {"extra_config": '{"token": "CANARY-git"}'}, "extra_config"),
    ("tool", {"extra_config": '{"password": "CANARY-tool"}'}, "extra_config"),
]


@pytest.mark.spec("Credentials are global -- any workflow can reference any credential.")
@pytest.mark.parametrize(("kind", "values", "secret"), EVERY_KIND)
def test_what_is_stored_is_what_a_workflow_gets(vault: Vault, kind: str, values: dict[str, str], secret: str) -> None:
    record = vault.create(kind, "  my name ", values)
    assert (record.name, record.kind, record.secret_names) == ("my name", kind, {secret})
    assert vault.get(record.public_id) == record
    assert vault.resolve(record.public_id) == values
    assert vault.get(record.public_id).last_used_at is not None


@ON_SQLITE
@pytest.mark.spec(
    "Sensitive fields (API keys, bot tokens) are encrypted at rest using Fernet encryption via the FIELD_ENCRYPTION_KEY"
    " environment variable."
)
@pytest.mark.spec("The API never returns raw key values -- only the encrypted reference is stored")
@pytest.mark.parametrize(("kind", "values", "secret"), EVERY_KIND)
def test_no_secret_is_in_clear_in_the_row_or_in_a_record(
    vault: Vault, kind: str, values: dict[str, str], secret: str
) -> None:
    record = vault.create(kind, "n", values)
    sealed = scalar("SELECT sealed FROM credential")
    assert sealed.startswith("gAAAA")
    for column in ("sealed", "public", "secret_names", "fingerprint", "name"):
        assert "CANARY" not in str(scalar(f"SELECT {column} FROM credential"))
    assert "CANARY" not in repr(record)
    assert sealed not in repr(record)


@ON_SQLITE
@pytest.mark.spec("Name (required) -- A descriptive label for the credential")
@pytest.mark.parametrize("name", ["", "   ", "\t\n", "x" * 256, "a\0b", "a\nb", "a\u202eb"])
def test_a_name_of_1_to_255_ordinary_characters_is_required(vault: Vault, name: str) -> None:
    with pytest.raises(InvalidFields) as caught:
        llm(vault, name)
    assert caught.value.fields.keys() == {"name"}
    assert scalar("SELECT count(*) FROM credential") == 0


def test_a_name_may_have_255_characters_of_any_script(vault: Vault) -> None:
    for name in ("x" * 255, "ΐ" * 255, "日" * 255):
        assert llm(vault, name).name == name


@ON_SQLITE
@pytest.mark.spec("Type (required) -- Select from LLM, Telegram, Git, or Tool")
@pytest.mark.parametrize("slug", ["", "LLM", "unknown"])
def test_an_unknown_type_is_refused_beside_the_other_faults(vault: Vault, slug: str) -> None:
    with pytest.raises(InvalidFields) as caught:
        vault.create(slug, "", LLM)
    assert caught.value.fields.keys() == {"type", "name"}


@ON_SQLITE
@pytest.mark.parametrize("again", ["My Key", "MY KEY", " my key "])
def test_names_are_unique_whatever_their_case(vault: Vault, again: str) -> None:
    llm(vault, "My Key")
    with pytest.raises(InvalidFields) as caught:
        llm(vault, again)
    assert caught.value.fields.keys() == {"name"}


def test_the_same_name_in_another_unicode_form_is_the_same(vault: Vault) -> None:
    llm(vault, "Zo\u00e9 STRASSE")
    with pytest.raises(InvalidFields):
        llm(vault, "zoe\u0301 straße")


@pytest.mark.parametrize("name", ["raced", "locked and busy, disk is full"])
def test_of_racing_creations_of_one_name_one_wins(vault: Vault, together: Together, name: str) -> None:
    vault.create("tool", "first, so that the key is known", {"extra_config": '{"a": 1}'})
    results = together(*(lambda: llm(vault, name) for _ in range(6)))
    losers = [result for result in results if isinstance(result, Exception)]
    assert len(losers) == 5
    assert all(isinstance(loser, InvalidFields) and loser.fields.keys() == {"name"} for loser in losers), losers
    assert scalar("SELECT count(*) FROM credential WHERE name = :name", name=name) == 1


@ON_SQLITE
@pytest.mark.parametrize("public_id", ["", "1", "93649863-713a-40c3-acf2-11b27c59b158", "x" * 500])
def test_an_unknown_id_is_not_found(vault: Vault, public_id: str) -> None:
    with pytest.raises(NotFound):
        vault.get(public_id)
    with pytest.raises(NotFound):
        vault.resolve(public_id)


def test_public_ids_cannot_be_guessed_and_row_ids_are_never_used_again(vault: Vault) -> None:
    first = llm(vault, "one")
    made = [uuid.UUID(new_public_id()) for _ in range(1000)]
    assert {(found.version, found.variant) for found in (uuid.UUID(first.public_id), *made)} == {(7, uuid.RFC_4122)}
    assert made == sorted(made, key=lambda found: found.int >> 80)  # by time
    assert len({found.int & (1 << 62) - 1 for found in made}) == 1000
    highest = scalar("SELECT max(id) FROM credential")
    vault.delete([first.public_id])
    vault.purge_deleted()
    llm(vault, "one")
    assert scalar("SELECT max(id) FROM credential") > highest


@pytest.mark.spec("Credentials are paginated with 50 items per page.")
def test_a_page_has_50_rows_newest_first_and_is_clamped(vault: Vault) -> None:
    fill(120)
    assert [r.name for r in vault.page().records] == [f"row {n}" for n in range(119, 69, -1)]
    assert [len(vault.page(number=number).records) for number in (1, 2, 3)] == [50, 50, 20]
    assert vault.page(number=3).records == vault.page(number=99).records == vault.page(number=10**9).records
    assert vault.page(number=0).records == vault.page(number=-5).records == vault.page(number=1).records
    page = vault.page(number=3)
    assert (page.pagination.first, page.pagination.last, page.pagination.total) == (101, 120, 120)


def test_an_empty_list_is_one_empty_page(vault: Vault) -> None:
    page = vault.page(ListFilters.clean(query="nothing"), 7)
    assert (page.records, page.pagination.page, page.pagination.total, page.all_count) == ((), 1, 0, 0)


SEARCHES = [
    ("", 6),
    ("prod", 2),
    ("PROD", 2),
    ("  prod  ", 2),
    ("%", 1),
    ("_", 1),
    ("100%", 1),
    ("\\", 0),
    ("'", 0),
    ("ÜBER", 1),
    ("u\u0308ber", 1),
    ("STRASSE", 1),
    ("straße", 1),
    ("\0prod", 2),
    ("x" * 9999, 0),
]


def test_the_search_looks_in_names_literally_and_ignores_case(vault: Vault) -> None:
    for name in ("Prod OpenAI", "prod bot", "100% mine", "snake_case", "Über uns", "Hauptstraße"):
        llm(vault, name)
    for query, found in SEARCHES:
        assert len(vault.page(ListFilters.clean(query=query)).records) == found, query


def test_the_filter_by_type_counts_every_type(vault: Vault) -> None:
    for kind, values, _ in EVERY_KIND:
        vault.create(kind, f"{kind} one", values)
    llm(vault, "llm two")
    assert [r.name for r in vault.page(ListFilters.clean(kind="llm")).records] == ["llm two", "llm one"]
    page = vault.page(ListFilters.clean(kind="git", query="one"))
    assert [r.kind for r in page.records] == ["git"]
    assert page.counts == {"llm": 1, "telegram": 1, "git": 1, "tool": 1}
    assert len(vault.page(ListFilters.clean(kind="unknown")).records) == 5


@pytest.mark.spec("Type Badge showing the credential type")
@pytest.mark.spec("Created Creation date")
def test_a_record_has_what_the_table_shows(vault: Vault) -> None:
    record = llm(vault, "mine", organization_id="org-1")
    assert (record.name, record.kind_label, record.testable) == ("mine", "LLM", True)
    assert record.detail == ("openai_compatible", LOCAL)
    assert record.created_at.tzinfo is not None
    assert KEY not in str(record.public_values)
    assert [label for label, _ in record.public_values] == ["Provider Type", "Base URL", "Organization ID"]
