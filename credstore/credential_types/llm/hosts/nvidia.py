"""NVIDIA NIM as NVIDIA hosts it: the listing is public, the completion endpoint checks keys.

Errors are `{"status": 401, "title": "Unauthorized", "detail": "Authentication failed"}` for a wrong key, and 403
"Authorization failed" for a key of another service or without the right to these endpoints. Source:
hidenobunagai/nvidia-nim-provider#9, HKUDS/OpenHarness#233, gethouston/houston#1243.
"""

from credstore.credential_types.llm.hosts.base import Host

NVIDIA = Host(name="NVIDIA NIM", domains=("integrate.api.nvidia.com",), bases=("/v1",), public_listing=True)
