"""GitHub Models: GitHub retired it on 30 July 2026. Its addresses are known so that the result can say so.

Since then every request is answered with 410 `{"error": {"code": "github_models_retirement_brownout", ...}}`. Before, a
wrong token was 401 "Bad credentials", and one without the permission 401 "The `models` permission is required to access
this endpoint". Source: GitHub's changelog of 1 July 2026; answers quoted in microsoft/langchain-for-beginners#34.
"""

from credstore.credential_types.llm.hosts.base import Host

GITHUB_MODELS = Host(
    name="GitHub Models",
    domains=("models.github.ai",),
    bases=("/inference",),
    no_listing=True,
    offered=False,
)
