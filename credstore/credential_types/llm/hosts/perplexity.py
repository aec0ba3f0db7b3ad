"""Perplexity: no listing in OpenAI's form that is sure to exist; `POST /chat/completions` checks keys.

A wrong key is 401 with an HTML page of the web server ("401 Authorization Required"), which has no error in JSON at
all. That no credit is 401 or 402 with `insufficient_quota` is assumed. Source: Perplexity's API reference; answers
quoted in BerriAI/litellm#2584 and perplexityai/api-discussion#281.
"""

from credstore.credential_types.llm.hosts.base import Host

PERPLEXITY = Host(
    name="Perplexity",
    domains=("api.perplexity.ai",),
    bases=("", "/v1"),
    no_listing=True,
    completion="/chat/completions",
)
