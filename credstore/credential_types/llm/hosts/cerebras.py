"""Cerebras: a listing that checks keys; its errors are flat, not below `error`.

A wrong key is 401 `{"message": "Wrong API Key", "type": "invalid_request_error", "code": "wrong_api_key"}`, no key 403
"Not authenticated". No credit shows only in use: 402 `{"type": "payment_required_error", "code": "payment_required"}`
while the listing passes. Source: Cerebras' API reference; answer quoted in nminaya/grammar-nazi-bot#967.
"""

from credstore.credential_types.llm.hosts.base import Host

CEREBRAS = Host(name="Cerebras", domains=("api.cerebras.ai",), bases=("/v1",))
