"""LM Studio: open unless a token is set. It answers unknown paths with 200 and an error in JSON."""

from credstore.credential_types.llm.hosts.base import Server, owned_by

LM_STUDIO = Server(name="LM Studio", shows=owned_by("organization_owner", "organization-owner"))
