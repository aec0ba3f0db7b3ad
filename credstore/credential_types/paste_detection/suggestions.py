"""Notes, warnings and values for other fields, from the typed values of a credential that is not stored yet.

They never refuse anything: prefixes change, and gateways accept the keys of others. No sentence repeats a value.
"""

from urllib.parse import urlsplit

from credstore.credential_types.base import CredentialType, Field, Values
from credstore.credential_types.llm import providers
from credstore.credential_types.paste_detection.extra_config import repair_extra_config
from credstore.credential_types.paste_detection.key_prefixes import COMPATIBLE, KeyOwner, owner_of_key
from credstore.credential_types.paste_detection.unwrap import unwrap
from credstore.errors import Refused
from credstore.urls import canonical_url


def unwrap_notes(kind: type[CredentialType], values: Values) -> dict[str, tuple[str, ...]]:
    """Sentences about what is removed around each secret, or changed to make a JSON object, by field."""
    found = {field.name: _notes(field, values.get(field.name) or "") for field in kind.secret_fields()}
    return {name: notes for name, notes in found.items() if notes}


def _notes(field: Field, typed: str) -> tuple[str, ...]:
    if field.form != "json":
        return unwrap(typed).notes if field.form == "text" else ()
    try:
        return repair_extra_config(typed, [key.name for key in field.keys]).notes
    except Refused:  # the form says why, beside the field
        return ()


def proposed_values(kind: type[CredentialType], values: Values) -> dict[str, str]:
    """Values for the blank public fields, from the pasted secrets: provider, base URL, organization."""
    proposed: dict[str, str] = {}
    for field in kind.secret_fields():
        if field.form == "text":
            unwrapped = unwrap(values.get(field.name) or "")
            proposed |= unwrapped.found | _provider(owner_of_key(unwrapped.value), unwrapped.found.get("base_url", ""))
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
    found: dict[str, str] = {}
    for field in kind.secret_fields():
        if field.form == "text" and (known := owner_of_key(unwrap(values.get(field.name) or "").value)):
            sentence = _mismatch(kind, known, values)
            if sentence:
                found[field.name] = sentence
    return found


def _mismatch(kind: type[CredentialType], known: KeyOwner, values: Values) -> str:
    looks = f"This looks like {known.article} {known.label} {known.what}"
    if known.kind != kind.slug:
        return f"{looks}; the type is {kind.label}." if known.sure else ""
    chosen = providers.by_slug(values.get("provider_type") or "")
    if chosen is None:
        return ""
    host = _host(_typed_url(values) or chosen.base_url or "")
    if chosen.slug == known.provider_slug == COMPATIBLE:
        return f"{looks}; the base URL is that of another host." if host and host != _host(known.base_url) else ""
    if chosen.slug == known.provider_slug or host == _host(known.base_url):
        return ""
    # Others use OpenAI's prefix too, and an OpenAI Compatible server may accept any key.
    if not known.sure and chosen.base_url is None:
        return ""
    return f"{looks}; the provider type is {chosen.label}."


def _typed_url(values: Values) -> str:
    """The typed base URL in canonical form, "" when it is not valid."""
    try:
        return canonical_url(values.get("base_url") or "")
    except Refused:
        return ""
