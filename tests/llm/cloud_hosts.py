"""The table's rows for the hosts and servers of 2026, in the shapes that each host's module documents."""

from typing import Any

from credstore.probe import Outcome, ProbeResponse
from tests.llm.fake_host import FakeHost

COMPLETION = frozenset({"completion"})
AZURE_401 = {
    "error": {"code": "401", "message": "Access denied due to invalid subscription key or wrong API endpoint."}
}
ACCOUNT = "https://api.cloudflare.com/client/v4/accounts/0123456789abcdef"
GATEWAY = "https://gateway.ai.cloudflare.com/v1/0123456789abcdef/my-gateway"
XAI_KEY = {
    "redacted_api_key": "xai-...b14o",
    "acls": ["api-key:model:*", "api-key:endpoint:*"],
    "team_blocked": False,
    "api_key_blocked": False,
    "api_key_disabled": False,
}


def error(status: int, message: str, **more: Any) -> ProbeResponse:
    """An error in OpenAI's shape."""
    return ProbeResponse(status=status, json={"error": {"message": message, **more}})


def flat(status: int, /, **fields: Any) -> ProbeResponse:
    return ProbeResponse(status=status, json=fields)


def google(status: int, message: str, name: str, reason: str = "") -> ProbeResponse:
    """An error as Google's OpenAI-compatible endpoint gives it: an array of one."""
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    return ProbeResponse(
        status=status, json=[{"error": {"code": status, "message": message, "status": name, "details": details}}]
    )


def cloudflare(status: int, code: int, message: str) -> ProbeResponse:
    return flat(status, result=None, success=False, errors=[{"code": code, "message": message}], messages=[])


def balance(amount: float) -> dict[str, Any]:
    return {"code": 0, "data": {"available_balance": amount, "cash_balance": amount}, "scode": "0x0", "status": True}


GEMINI = FakeHost(
    name="Gemini",
    base="https://generativelanguage.googleapis.com/v1beta/openai",
    elsewhere="https://generativelanguage.googleapis.com/v1beta",
    offers="https://generativelanguage.googleapis.com/v1beta/openai",
    refusal=google(400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT", "API_KEY_INVALID"),
    no_credit=google(429, "You exceeded your current quota, please check your plan.", "RESOURCE_EXHAUSTED"),
    limited=google(403, "Requests to this API are blocked.", "PERMISSION_DENIED", "API_KEY_SERVICE_BLOCKED"),
)
XAI = FakeHost(
    name="xAI",
    base="https://api.x.ai/v1",
    elsewhere="https://api.x.ai",
    offers="https://api.x.ai/v1",
    check="https://api.x.ai/v1/api-key",
    told={"right": XAI_KEY, "limited": XAI_KEY | {"acls": ["api-key:endpoint:embed"]}},
    shows_credit=False,
    refusal=flat(
        400,
        code="Client specified an invalid argument",
        error="Incorrect API key provided: sk***YA. You can obtain an API key from https://console.x.ai.",
    ),
)
WORKERS_AI = FakeHost(
    name="Cloudflare Workers AI",
    base=f"{ACCOUNT}/ai/v1",
    elsewhere=f"{ACCOUNT}/ai",
    offers=f"{ACCOUNT}/ai/v1",
    check=f"{ACCOUNT}/ai/models/search?per_page=1",
    told={"right": {"success": True, "result": [{"id": "1", "name": "@cf/meta/llama"}], "errors": [], "messages": []}},
    shows_credit=False,
    scopes=False,  # a token without the permission gets what a wrong one gets
    refusal=cloudflare(401, 10000, "Authentication error"),
    missing=cloudflare(
        404, 7003, "Could not route to /client/v4/accounts/x, perhaps your object identifier is invalid?"
    ),
)
NVIDIA = FakeHost(
    name="NVIDIA NIM",
    base="https://integrate.api.nvidia.com/v1",
    elsewhere="https://integrate.api.nvidia.com",
    offers="https://integrate.api.nvidia.com/v1",
    gates=COMPLETION,
    refusal=flat(401, status=401, title="Unauthorized", detail="Authentication failed"),
    limited=flat(403, status=403, title="Forbidden", detail="Authorization failed"),
    limited_means=Outcome.CANNOT_TELL,
)
BEDROCK = FakeHost(
    name="Amazon Bedrock",
    base="https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1",
    elsewhere="https://bedrock-runtime.us-west-2.amazonaws.com",
    lists=False,
    refusal=flat(403, Message="Authentication failed: Please make sure your API Key is valid."),
    limited=flat(403, Message="User: arn:aws:iam::1:user/a is not authorized to perform: bedrock:InvokeModel on b"),
)
GITHUB_MODELS = FakeHost(
    name="GitHub Models",
    base="https://models.github.ai/inference",
    elsewhere="https://models.github.ai",
    lists=False,
    refusal=error(401, "Bad credentials", code="unauthorized"),
    limited=error(401, "The `models` permission is required to access this endpoint", code="unauthorized"),
)
AI_GATEWAY = FakeHost(
    name="Cloudflare AI Gateway",
    base=f"{GATEWAY}/openai",
    elsewhere=f"{GATEWAY}/oops",
)
MOONSHOT = FakeHost(
    name="Moonshot (Kimi)",
    base="https://api.moonshot.ai/v1",
    elsewhere="https://api.moonshot.ai",
    offers="https://api.moonshot.ai/v1",
    check="https://api.moonshot.ai/v1/users/me/balance",
    told={"right": balance(49.58), "no credit": balance(-0.2)},
    scopes=False,
    refusal=error(401, "Invalid Authentication", type="invalid_authentication_error"),
)
LITELLM = FakeHost(
    name="LiteLLM",
    base="http://127.0.0.1:4000/v1",
    elsewhere="http://127.0.0.1:4000/wrong",
    signed={"x-litellm-version": "1.108.7"},
    refusal=error(400, "No connected db.", type="no_db_connection", code="400"),
    no_credit=error(
        400, "Budget has been exceeded! Current cost: 2, Max budget: 1", type="budget_exceeded", code="400"
    ),
    limited=error(403, "key not allowed to access model.", type="key_model_access_denied", code="403"),
)
CLOUD_ROWS = (
    GEMINI,
    XAI,
    FakeHost(
        name="Cohere",
        base="https://api.cohere.ai/compatibility/v1",
        elsewhere="https://api.cohere.ai/v2",
        offers="https://api.cohere.ai/compatibility/v1",
        refusal=flat(401, id="d2f5a8b0", message="invalid api token"),
        no_credit=flat(402, message="payment required"),
        limited=flat(403, message="this token may not use this endpoint"),
        limited_means=Outcome.CANNOT_TELL,
    ),
    FakeHost(
        name="Fireworks",
        base="https://api.fireworks.ai/inference/v1",
        elsewhere="https://api.fireworks.ai/v1",
        lists=False,
        refusal=error(401, "The API key you provided is invalid.", code="UNAUTHORIZED"),
        limited=error(403, "Fire Pass API keys are not authorized for this route.", code="FORBIDDEN"),
        no_credit=error(402, "Account is not on a paid plan or has exceeded usage limits", code="PAYMENT_REQUIRED"),
    ),
    FakeHost(
        name="Perplexity",
        base="https://api.perplexity.ai",
        elsewhere="https://api.perplexity.ai/api",
        lists=False,
        refusal=ProbeResponse(
            status=401,
            headers={"content-type": "text/html"},
            body_start=b"<html><head><title>401 Authorization Required",
        ),
        no_credit=error(401, "You exceeded your current quota", type="insufficient_quota", code=401),
        limited=error(403, "This key may not use this model", type="forbidden"),
        limited_means=Outcome.CANNOT_TELL,
    ),
    FakeHost(
        name="Cerebras",
        base="https://api.cerebras.ai/v1",
        elsewhere="https://api.cerebras.ai",
        offers="https://api.cerebras.ai/v1",
        refusal=flat(401, message="Wrong API Key", type="invalid_request_error", param="api_key", code="wrong_api_key"),
        no_credit=flat(402, message="Payment required to access this resource.", code="payment_required"),
        limited=flat(403, message="Not allowed", type="forbidden", code="forbidden"),
        limited_means=Outcome.CANNOT_TELL,
    ),
    NVIDIA,
    FakeHost(
        name="Hugging Face",
        base="https://router.huggingface.co/v1",
        elsewhere="https://router.huggingface.co",
        offers="https://router.huggingface.co/v1",
        gates=COMPLETION,
        refusal=flat(401, error="Invalid credentials in Authorization header"),
        no_credit=flat(402, error="You have depleted your monthly included credits. Purchase pre-paid credits."),
        limited=flat(
            403, error="This authentication method does not have sufficient permissions to call Inference Providers"
        ),
    ),
    BEDROCK,
    FakeHost(
        name="Amazon Bedrock (Mantle)",
        base="https://bedrock-mantle.eu-west-1.api.aws/v1",
        elsewhere="https://bedrock-mantle.eu-west-1.api.aws",
        offers="https://bedrock-mantle.eu-west-1.api.aws/v1",
        refusal=error(401, "Invalid bearer token", code="invalid_api_key"),
        limited=error(403, "User is not authorized to perform: bedrock-mantle:ListModels", code="access_denied"),
    ),
    GITHUB_MODELS,
    AI_GATEWAY,
    WORKERS_AI,
    FakeHost(
        name="Azure AI Foundry",
        base="https://acme.services.ai.azure.com/openai/v1",
        elsewhere="https://acme.services.ai.azure.com/models",
        header="api-key",
        listing="https://acme.services.ai.azure.com/openai/models?api-version=2024-10-21",
        completion="https://acme.services.ai.azure.com/openai/v1/chat/completions",
        refusal=ProbeResponse(status=401, json=AZURE_401),
    ),
    FakeHost(
        name="Z.ai (GLM)",
        base="https://api.z.ai/api/paas/v4",
        elsewhere="https://api.z.ai/v1",
        offers="https://api.z.ai/api/paas/v4",
        refusal=error(401, "token expired or incorrect", code="1000"),
        no_credit=error(429, "Insufficient balance or no resource package. Please recharge.", code="1113"),
        limited=error(403, "No permission", code="1220"),
        limited_means=Outcome.CANNOT_TELL,
    ),
    FakeHost(
        name="Z.ai at bigmodel.cn",
        base="https://open.bigmodel.cn/api/coding/paas/v4",
        elsewhere="https://open.bigmodel.cn/v1",
        refusal=error(401, "身份验证失败。", code="1000"),
        no_credit=error(429, "余额不足或无可用资源包,请充值。", code="1113"),
        limited=error(403, "您无权访问", code="1220"),
        limited_means=Outcome.CANNOT_TELL,
    ),
    MOONSHOT,
    FakeHost(
        name="Qwen (DashScope)",
        base="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        elsewhere="https://dashscope-intl.aliyuncs.com/v1",
        offers="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        refusal=error(401, "Incorrect API key provided. For details, see: the docs", code="invalid_api_key"),
        no_credit=error(400, "Access denied, please make sure your account is in good standing.", code="Arrearage"),
        limited=error(403, "Access to model denied. Please make sure you are eligible.", code="access_denied"),
    ),
    LITELLM,
    FakeHost(
        name="LiteLLM with a database",
        base="http://127.0.0.1:4000",
        elsewhere="http://127.0.0.1:4000/wrong",
        refusal=error(401, "Authentication Error, Invalid proxy server token passed.", type="token_not_found_in_db"),
        no_credit=error(429, "Budget has been exceeded! Current cost: 2, Max budget: 1", type="budget_exceeded"),
        limited=error(401, "key not allowed to access model.", type="key_model_access_denied", code="401"),
    ),
    FakeHost(
        name="SGLang with a key",
        base="http://10.0.0.5:30000/v1",
        elsewhere="http://10.0.0.5:30000",
        offers="http://10.0.0.5:30000/v1",
        judges_first=True,
        models={"object": "list", "data": [{"id": "qwen", "object": "model", "owned_by": "sglang"}]},
        refusal=flat(401, error="Unauthorized"),
    ),
    FakeHost(
        name="SGLang",
        base="http://10.0.0.5:30000/v1",
        elsewhere="http://10.0.0.5:30000",
        offers="http://10.0.0.5:30000/v1",
        gates=frozenset(),
        models={"object": "list", "data": [{"id": "qwen", "object": "model", "owned_by": "sglang"}]},
    ),
)
