"""Amazon Bedrock's two OpenAI-compatible endpoints, for Bedrock API keys (`Authorization: Bearer`), in each region.

`bedrock-runtime` has no model listing in OpenAI's form; its errors are `{"Message": "..."}`: 403 "Authentication
failed: Please make sure your API Key is valid." for a wrong key (also for one of another region), 403 "User: ... is not
authorized to perform: bedrock:InvokeModel ..." for one without the right. `bedrock-mantle` lists its models, and a
wrong key is 401 `{"error": {"code": "invalid_api_key", "message": "Invalid bearer token"}}`. Source: Amazon's user
guide ("Responses API"); answers quoted in ai4s-research/open-science#53, NousResearch/hermes-agent#87190 and
BerriAI/litellm#39166.
"""

from credstore.credential_types.llm.hosts.base import Host

BEDROCK = Host(
    name="Amazon Bedrock",
    domains=("bedrock-runtime.*.amazonaws.com",),
    bases=("/openai/v1",),
    no_listing=True,
    base_urls=("https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1",),
)
BEDROCK_MANTLE = Host(
    name="Amazon Bedrock (Mantle)",
    domains=("bedrock-mantle.*.api.aws",),
    bases=("/v1", "/openai/v1"),
    base_urls=("https://bedrock-mantle.us-east-1.api.aws/v1",),
)
