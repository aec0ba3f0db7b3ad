"""Equal secrets are found wherever their rows are: the index of fingerprints is in parts by id."""

from sqlalchemy import text

from credstore.models import db
from credstore.vault import Vault
from tests.vault.conftest import llm

PART = 65_536  # ids
EDGES = (1, PART - 1, PART, 2 * PART - 1, 2 * PART, 1_000_000)


def next_id(value: int) -> None:
    statement = "UPDATE sqlite_sequence SET seq = :value - 1 WHERE name = 'credential'"
    if db.engine.dialect.name == "postgresql":
        statement = "SELECT setval('credential_id_seq', :value, false)"
    db.session.execute(text(statement), {"value": value})
    db.session.commit()


def test_equal_secrets_are_found_in_every_part_of_the_index(vault: Vault) -> None:
    made = {}
    for value in EDGES:
        if made:  # SQLite has no sequence before the first row
            next_id(value)
        made[f"LLM {value}"] = llm(vault, f"LLM {value}").public_id
    llm(vault, "another", api_key="sk-CANARY-another-0123456789")
    for name, public_id in made.items():
        assert vault.names_with_same_secret(public_id) == [other for other in made if other != name]
    vault.delete([made["LLM 1000000"]])
    assert vault.names_with_same_secret(made["LLM 1"]) == list(made)[1:-1]
