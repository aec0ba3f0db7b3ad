"""Owns the declaration of an LLM vendor: `Provider`, and `Access`, what a probe is given. Pure; no network."""

from dataclasses import dataclass, field
from typing import ClassVar

from credstore.probe import Openness, Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What one credential says of a provider. `base_url` is canonical; the key stays out of `repr`.

    `openness` is what earlier tests learned of this host, so that a made-up key is not sent each time.
    """

    api_key: str = field(repr=False)
    base_url: str
    organization_id: str = ""
    openness: Openness = "unknown"


class Provider:
    """One LLM vendor. Subclass it in a file of its own and add the class to `PROVIDERS`.

    `base_url` None means that the form demands one. `probe` must spend no tokens.
    """

    slug: ClassVar[str]
    label: ClassVar[str]
    base_url: ClassVar[str | None] = None
    key_required: ClassVar[bool] = True
    takes_organization: ClassVar[bool] = False

    @classmethod
    def probe(cls, access: Access) -> Probe:
        raise NotImplementedError
