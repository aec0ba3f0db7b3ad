"""LM Studio: open unless a token is set. It answers unknown paths with 200 and an error in JSON."""

from credstore.credential_types.llm.hosts.base import ServerSoftware, owned_by

LM_STUDIO = ServerSoftware(
    name="LM Studio",
    recognises=owned_by("organization_owner", "organization-owner"),
    base_url="http://127.0.0.1:1234/v1",
)
