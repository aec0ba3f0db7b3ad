"""Qwen by Alibaba Cloud's Model Studio (DashScope): the general protocol; each region knows its own keys only.

A wrong key is 401 `{"error": {"message": "Incorrect API key provided. ...", "code": "invalid_api_key"}}`; no credit is
400 `{"error": {"code": "Arrearage", "message": "Access denied, please make sure your account is in good standing."}}`;
a key that may not use a model is 403 "Access to model denied. ...". Source: Alibaba Cloud's list of error codes;
answers quoted in Aider-AI/aider#4712, agentuniverse-ai/agentUniverse#302, QwenLM/qwen-code#9605.
"""

from credstore.credential_types.llm.hosts.base import Host

DASHSCOPE = Host(
    name="Qwen (DashScope)",
    domains=("dashscope-intl.aliyuncs.com", "dashscope.aliyuncs.com", "dashscope-us.aliyuncs.com"),
    bases=("/compatible-mode/v1",),
)
