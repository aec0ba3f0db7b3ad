"""Hugging Face's router: the listing is public, the completion endpoint checks tokens.

A wrong token is 401 `{"error": "Invalid credentials in Authorization header"}`; no credit 402 "You have depleted your
monthly included credits. ..."; a token without the permission is 403 "This authentication method does not have
sufficient permissions to call Inference Providers on behalf of user ...". Source: Hugging Face's documentation of
Inference Providers; logs of the router in public repositories.
"""

from credstore.credential_types.llm.hosts.base import Host

HUGGING_FACE = Host(name="Hugging Face", domains=("router.huggingface.co",), bases=("/v1",), public_listing=True)
