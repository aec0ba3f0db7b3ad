"""Declares what an LLM vendor is: `Provider`, and `Access`, the values that a probe is given. Pure; no network."""

from dataclasses import dataclass, field
from typing import ClassVar

from credstore.probe import Knowledge, Openness, Outcome, Probe, Verdict, probe_without_requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What one credential says of a provider. `base_url` is canonical; the key stays out of `repr`.

    `openness` and `key_proven` are what earlier tests learned of this host and of this very key there, so that fewer
    requests do. `control` False forbids to send a made-up key.
    """

    api_key: str = field(repr=False)
    base_url: str
    organization_id: str = ""
    openness: Openness = "unknown"
    key_proven: bool = False
    control: bool = True

    @property
    def knowledge(self) -> Knowledge:
        return Knowledge(openness=self.openness, key_proven=self.key_proven, control=self.control)


class Provider:
    """One LLM vendor. Subclass it in a file of its own and add the class to `PROVIDERS`.

    `about` says in the form what it is for. `base_url` None means that the form demands one. The form offers an
    organization where `offers_organization`; where `takes_organization` there may be one. `probe` must spend no tokens.
    `completion` asks for one token of `model`; `other_limit` names that limit otherwise than usual at this provider.
    """

    slug: ClassVar[str]
    label: ClassVar[str]
    about: ClassVar[str] = ""
    base_url: ClassVar[str | None] = None
    key_required: ClassVar[bool] = True
    takes_organization: ClassVar[bool] = False
    offers_organization: ClassVar[bool] = False

    @classmethod
    def probe(cls, access: Access) -> Probe:
        raise NotImplementedError

    @classmethod
    def completion(cls, access: Access, model: str, *, other_limit: bool = False) -> Probe:  # noqa: ARG003
        reason = f"credstore does not know how to ask {cls.label} for a completion."
        return probe_without_requests(Verdict(outcome=Outcome.CANNOT_TELL, reason=reason))
