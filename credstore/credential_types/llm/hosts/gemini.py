"""Gemini by its OpenAI-compatible endpoint: `Authorization: Bearer`, a listing that checks keys.

Its errors are an array of one: a wrong key is 400 `[{"error": {"message": "API key not valid. Please pass a valid API
key.", "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}]`, no key 400 "Missing or invalid
Authorization header.", no credit 429 RESOURCE_EXHAUSTED, a key shut out of this API 403 API_KEY_SERVICE_BLOCKED.
Source: Google's guide to OpenAI compatibility; answers quoted in sipeed/picoclaw#2374, google/generative-ai-docs#356.
"""

from credstore.credential_types.llm.hosts.base import Host

GEMINI = Host(name="Gemini", domains=("generativelanguage.googleapis.com",), bases=("/v1beta/openai",))
