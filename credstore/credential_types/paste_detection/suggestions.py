"""Notes, warnings and values for other fields, from the typed values of a credential that is not stored yet.

They never refuse anything: prefixes change, and gateways accept the keys of others. No sentence repeats a value.
"""

from urllib.parse import urlsplit

from credstore.credential_types.base import CredentialType, Field, Values
from credstore.credential_types.llm import providers
from credstore.credential_types.paste_detection.extra_config import repair_extra_config
from credstore.credential_types.paste_detection.key_prefixes import COMPATIBLE, KeyOwner, owner_of_key
from credstore.credential_types.paste_detection.mismatch import find_mismatches
from credstore.credential_types.paste_detection.unwrap import unwrap
from credstore.errors import Refused


def unwrap_notes(kind: type[CredentialType], values: Values) -> dict[str, tuple[str, ...]]:
    """Sentences about what is removed around each secret, or changed to make a JSON object, by field."""
    found = {field.name: _notes(field, values.get(field.name) or "") for field in kind.secret_fields()}
    return {name: notes for name, notes in found.items() if notes}


def _notes(field: Field, typed: str) -> tuple[str, ...]:
    if field.form != "json":
        return unwrap(typed, field.name).notes if field.form == "text" else ()
    try:
        return repair_extra_config(typed, [key.name for key in field.keys]).notes
    except Refused:  # the form says why, beside the field
        return ()


def proposed_values(kind: type[CredentialType], values: Values) -> dict[str, str]:
    """Values for the blank public fields, from the pasted secrets: provider, base URL, organization."""
    proposed: dict[str, str] = {}
    for field in kind.secret_fields():
        if field.form == "text":
            unwrapped = unwrap(values.get(field.name) or "", field.name)
            told = _provider(owner_of_key(unwrapped.value), unwrapped.found.get("base_url", ""))
            if values.get("provider_type") not in {None, "", told.get("provider_type")}:
                told = {}  # somebody chose another provider, whose address this is not
            proposed |= unwrapped.found | told
    public = {field.name for field in kind.fields if not field.secret}
    return {name: value for name, value in proposed.items() if name in public and value and not values.get(name)}


def _provider(known: KeyOwner | None, pasted_url: str) -> dict[str, str]:
    """The provider type and base URL for a key and the URL pasted with it. A provider's own URL becomes ""."""
    if known and known.kind != "llm":
        return {}
    url = pasted_url or (known.base_url if known else "")
    owner = next((p for p in providers.PROVIDERS if p.base_url and _host(p.base_url) == _host(url)), None)
    if owner is not None:
        return {"provider_type": owner.slug, "base_url": ""}
    if not url:
        return {}
    return {"provider_type": known.provider_slug if known and known.sure else COMPATIBLE, "base_url": url}


def _host(url: str) -> str | None:
    return urlsplit(url).hostname


def mismatch_warnings(kind: type[CredentialType], values: Values) -> dict[str, str]:
    """A sentence for each secret that looks like the key of another type or provider, by field."""
    return {found.field: found.sentence for found in find_mismatches(kind, values)}


def recognised(kind: type[CredentialType], values: Values, proposed: Values) -> dict[str, str]:
    """A sentence for each secret whose owner told the proposed provider, by field."""
    provider = providers.by_slug(proposed.get("provider_type", ""))
    found: dict[str, str] = {}
    for field in kind.secret_fields() if provider else ():
        owner = owner_of_key(unwrap(values.get(field.name) or "", field.name).value)
        if provider and owner and owner.provider_slug == provider.slug:
            found[field.name] = (
                f"This looks like {owner.article} {owner.label} key, so Provider Type is {provider.label}."
            )
    return found
