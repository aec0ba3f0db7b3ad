"""A key and a choice that disagree, like an Anthropic key with the provider OpenAI. Pure.

Prefixes change and gateways accept the keys of others, so that a person decides: use the owner of the key, or keep the
choice. No sentence repeats a value.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from credstore.credential_types.base import CredentialType, Values
from credstore.credential_types.llm import providers
from credstore.credential_types.llm.hosts import base_url_presets
from credstore.credential_types.paste_detection.key_prefixes import COMPATIBLE, KeyOwner, known_owners, owner_of_key
from credstore.credential_types.paste_detection.unwrap import unwrap
from credstore.errors import Refused
from credstore.redaction import foreign_text_redactor
from credstore.urls import canonical_url

# A type that an application adds may take the tokens of anybody, so that nothing is asked about those.
ASKED_TYPES = frozenset({"llm", "telegram"})
_HOST_WITH_KEY = "this base URL"  # the label of a host that repeats a part of the key
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """The secret `field` looks like one of `owner`; `kept` is the label of what was chosen."""

    field: str
    owner: KeyOwner
    kept: str
    sentence: str

    @property
    def consent(self) -> str:
        """What a person agrees to who keeps the choice, like "Anthropic key for OpenAI"."""
        return consent_to(self.owner, self.kept)


def consent_to(owner: KeyOwner, kept: str) -> str:
    return f"{owner.label} {owner.what} for {kept}"


def find_mismatches(kind: type[CredentialType], values: Values) -> tuple[Mismatch, ...]:
    """One for each typed secret that looks like the key of another type or provider."""
    found = []
    for field in kind.secret_fields():
        if field.form == "text" and (owner := owner_of_key(unwrap(values.get(field.name) or "", field.name).value)):
            disagreement = _disagreement(kind, owner, values)
            if disagreement:
                kept, what = disagreement
                sentence = f"This looks like {owner.article} {owner.label} {owner.what}; {what}."
                found.append(Mismatch(field=field.name, owner=owner, kept=kept, sentence=sentence))
    return tuple(found)


def mismatches_to_ask(kind: type[CredentialType], values: Values) -> tuple[Mismatch, ...]:
    """Those of a type whose tokens are known well enough to stop a save for them."""
    return find_mismatches(kind, values) if kind.slug in ASKED_TYPES else ()


def possible_consents(kind: type[CredentialType], values: Values) -> frozenset[str]:
    """Everything that a person could agree to with these public values, whatever the key is."""
    labels = _kept_labels(kind, values)
    return frozenset(consent_to(owner, kept) for owner in known_owners() for kept in labels)


def values_of_owner(owner: KeyOwner, values: Values) -> dict[str, str]:
    """The public values of an LLM credential that send a key to its owner, in place of `values`.

    A base URL stays when it is that of a gateway, which may pass the key on; that of another vendor is dropped.
    """
    provider = providers.by_slug(owner.provider_slug)
    if provider is None:
        return {}
    changed = {"provider_type": provider.slug}
    if provider.base_url is None:
        changed["base_url"] = owner.base_url
    elif _host(values.get("base_url") or "") in _vendor_hosts():
        changed["base_url"] = ""
    if not provider.takes_organization:
        changed["organization_id"] = ""
    return changed


def _disagreement(kind: type[CredentialType], owner: KeyOwner, values: Values) -> tuple[str, str] | None:
    """What was chosen and how a sentence says so, where it disagrees with the owner of the key."""
    if owner.kind != kind.slug:
        return (kind.label, f"the type is {kind.label}") if owner.sure else None
    chosen = providers.by_slug(values.get("provider_type") or "")
    if chosen is None:
        return None
    host = _host(_typed_url(values) or chosen.base_url or "")
    if host == _host(owner.base_url):
        return None
    if chosen.slug == owner.provider_slug:
        # A gateway may pass the keys of OpenAI and Anthropic on; another owner of keys does not.
        other = host and owner.sure and (chosen.slug == COMPATIBLE or host in _owner_hosts())
        return (_host_label(host or "", kind, values), "the base URL is that of another host") if other else None
    # Others use OpenAI's prefix too: only a provider whose own keys begin differently is asked about.
    if not owner.sure and chosen.slug not in _providers_with_a_prefix():
        return None
    return chosen.label, f"the provider type is {chosen.label}"


def _kept_labels(kind: type[CredentialType], values: Values) -> set[str]:
    chosen = providers.by_slug(values.get("provider_type") or "")
    host = _host(_typed_url(values)) if chosen else None
    hosts = {_host_label(host, kind, values), _HOST_WITH_KEY} if host else set()
    return {kind.label} | ({chosen.label} if chosen else set()) | hosts


def _host_label(host: str, kind: type[CredentialType], values: Values) -> str:
    """The host, which a button, a sentence and a consent show, unless it repeats a part of a typed secret."""
    typed = {field.name: values.get(field.name) or "" for field in kind.secret_fields()}
    secrets = [unwrap(text, name).value for name, text in typed.items()]
    return host if foreign_text_redactor(secrets)(host, len(host)) == host else _HOST_WITH_KEY


def _owner_hosts() -> set[str | None]:
    return {_host(owner.base_url) for owner in known_owners() if owner.kind == "llm"}


def _providers_with_a_prefix() -> set[str]:
    return {owner.provider_slug for owner in known_owners() if owner.sure} - {COMPATIBLE}


def _vendor_hosts() -> set[str | None]:
    urls = [url for url, _ in base_url_presets()] + [provider.base_url or "" for provider in providers.PROVIDERS]
    return {_host(url) for url in urls} - _THIS_MACHINE - {None}


def _host(url: str) -> str | None:
    try:
        return urlsplit(url.strip()).hostname
    except ValueError:
        return None


def _typed_url(values: Values) -> str:
    """The typed base URL in canonical form, "" when it is not valid."""
    try:
        return canonical_url(values.get("base_url") or "")
    except Refused:
        return ""
