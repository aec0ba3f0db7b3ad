"""Words that call a key or token wrong, for every type of credential: a regular expression. Pure.

It is for texts as `error_words` gives them: in lower case, with spaces in place of `_` and `-`.
"""

# Some vendors (Google, xAI, DashScope) answer a bad key with 400, some with 403. "No connected db" is what LiteLLM says
# to a key that is not its master key when it has no database to look others up in.
BAD_KEY = (
    r"\b(?:invalid|incorrect|wrong|unknown|malformed|unrecogni[sz]ed) (?:x )?"
    r"(?:api ?key|access key|(?:api|access|bearer|auth|authentication) token|credentials?)\b"
    r"|\b(?:api ?key|access token|bearer token) (?:is |was )?(?:not valid|invalid|incorrect|not found|unknown|malformed"
    r"|not recogni[sz]ed|does not exist)\b"
    r"|\b(?:pass|provide|use) a valid api ?key\b|\bno connected db\b|\bauthentication (?:failed|fails)\b"
)
