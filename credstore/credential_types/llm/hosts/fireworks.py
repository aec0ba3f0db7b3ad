"""Fireworks: the completion endpoint checks keys; the listing is no reliable check.

The listing ends in a 500 for accounts that deployed nothing (can1357/oh-my-pi#3220), and keys of the Fire Pass get 403
there although they work (typeclaw/typeclaw#388). A wrong key is 401 `{"error": {"code": "UNAUTHORIZED", ...}}`, no
credit 402, a suspended account 412. Source: Fireworks' list of inference error codes, and the two threads.
"""

from credstore.credential_types.llm.hosts.base import Host

FIREWORKS = Host(name="Fireworks", domains=("api.fireworks.ai",), bases=("/inference/v1",), no_listing=True)
