"""What the Detail column shows of a credential, as it is stored beside it: one text a line, nothing of it secret.

It is stored because a page of the list decrypts nothing, and so that the list can be sorted by it.
"""

import json
from collections.abc import Mapping
from typing import Any

from credstore.credential_types import CredentialType
from credstore.models import Credential

MAX_LENGTH = 4000  # characters of one text


def detail_of(
    kind: type[CredentialType], public: Mapping[str, Any], secrets: Mapping[str, str], learned: tuple[str, ...] = ()
) -> str | None:
    """The detail of these values; `learned` are lines that a test added. None where there is nothing to show."""
    values = {name: str(value) for name, value in public.items()}
    return _joined((*kind.detail(values), *_of_configs(kind, secrets), *learned))


def after_test(kind: type[CredentialType], fresh: str | None, stored: str | None, facts: tuple[str, ...]) -> str | None:
    """The detail after a test that learned these `facts`. `fresh` is that of the tested values, without any.

    Where this test learned nothing, what an earlier one did stays.
    """
    known = lines(fresh)
    return _joined((*known, *(kind.learned_detail(facts) or lines(stored)[len(known) :])))


def after_edit(kind: type[CredentialType], row: Credential, public: Mapping[str, str]) -> str | None:
    """The detail of a row whose secrets stay while its public values become `public`."""
    before = lines(detail_of(kind, row.public, {}))
    return detail_of(kind, public, {}, tuple(lines(row.detail)[len(before) :]))


def lines(stored: str | None) -> tuple[str, ...]:
    """The texts of a stored detail."""
    return tuple(stored.split("\n")) if stored else ()


def _of_configs(kind: type[CredentialType], secrets: Mapping[str, str]) -> tuple[str, ...]:
    """What the type shows of its JSON fields. It is given nothing but the keys that it declares as not secret."""
    found: list[str] = []
    for field in kind.secret_fields():
        if field.form == "json" and field.name in secrets:
            config = json.loads(secrets[field.name])
            found += kind.config_detail({key.name: config[key.name] for key in field.keys if _shown(key, config)})
    return tuple(found)


def _shown(key: Any, config: Mapping[str, Any]) -> bool:
    return not key.secret and key.name in config


def _joined(texts: tuple[str, ...]) -> str | None:
    """One text a line: other line breaks become spaces, also those of texts from outside."""
    return "\n".join(" ".join(text.split())[:MAX_LENGTH] for text in texts if text.strip()) or None
