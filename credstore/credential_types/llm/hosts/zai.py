"""Z.ai and its Chinese twin bigmodel.cn (GLM): the general protocol below /v4; keys of one do not work at the other.

A wrong key is 401 `{"error": {"code": "1000", "message": "Authentication Failed"}}` or "token expired or incorrect"; no
credit is 429 `{"error": {"code": "1113", "message": "Insufficient balance or no resource package. Please recharge."}}`,
in Chinese at bigmodel.cn; keys of a coding plan have credit on the `coding` path only. Source: Z.ai's list of error
codes; answers quoted in zai-org/GLM-5#148, zhayujie/CowAgent#2910, cfal/garcon#142.
"""

from credstore.credential_types.llm.hosts.base import Host

ZAI = Host(
    name="Z.ai (GLM)",
    domains=("api.z.ai", "open.bigmodel.cn"),
    bases=("/api/paas/v4", "/api/coding/paas/v4"),
)
