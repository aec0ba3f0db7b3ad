"""Reads pasted NAME=value lines, also where a browser has joined them into one line. Pure; never raises.

A single-line input without a script drops the line breaks of what is pasted, or puts spaces in their place, so that the
end of a value and the next name stand together. The lines are taken apart only where one reading is possible.
"""

import re

# A script puts this in place of each line break of a pasted text, as a password input drops line breaks.
LINE_SEPARATOR = "\u2028"

_PREFIX = r"(?:export\s+|set\s+|\$env:)"
_LINE = re.compile(rf"{_PREFIX}?([A-Za-z_]\w{{2,63}})\s*=(?!=)[^\S\n]*(.*)\Z", re.IGNORECASE | re.ASCII)
_FIRST_NAME = re.compile(rf"{_PREFIX}?([A-Z][A-Z0-9_]{{2,63}})\s*=", re.ASCII)
_ENDS = (
    r"_(?:API_KEY|API_TOKEN|ACCESS_TOKEN|BOT_TOKEN|KEY|TOKEN|SECRET|BASE_URL|API_BASE|API_URL|URL|BASE|ENDPOINT"
    r"|ORG_ID|ORG|ORGANIZATION_ID|ORGANIZATION|MODEL|PROJECT|PROJECT_ID)"
)
_VENDORS = (
    "OPENAI|ANTHROPIC|OPENROUTER|GROQ|XAI|PERPLEXITY|HUGGINGFACE|GEMINI|GOOGLE|MISTRAL|DEEPSEEK|TOGETHER|COHERE|TELEGRAM"
    "|GITHUB|GITLAB"
)
_CERTAIN = (
    re.compile(rf"(?<=\S)(?<!export)(?<!set)(?<!#)\s+(?={_PREFIX}?[A-Z_][A-Z0-9_]{{2,63}}\s*=[^=])", re.ASCII),
    re.compile(rf"(?<=\S)(?={_PREFIX}[A-Za-z_]\w{{2,63}}\s*=[^=])", re.ASCII),
    # After a closing quote: A="x"B="y".
    re.compile(r"(?<=[=\w]['\"])(?<!=['\"])(?=[A-Z][A-Z0-9_]{2,63}=)", re.ASCII),
    re.compile(rf"(?<=[^\s_#:])(?=(?:{_VENDORS}){_ENDS}\s*=)", re.ASCII),
)
_STILL_JOINED = re.compile(r"[^\s=][A-Z][A-Z0-9]*_[A-Z0-9_]+=[^=]", re.ASCII)


def parse_env_lines(text: str) -> list[tuple[str, str]] | None:
    """The names and values of these lines, without quotes and comments; None where a line is neither."""
    lines = [line for line in map(str.strip, text.splitlines()) if line]
    if len(lines) == 1:
        lines = _taken_apart(lines[0]).splitlines()
    matches = [_LINE.match(line.strip()) for line in lines if not line.startswith("#")]
    if not matches or not all(matches):
        return None
    return [(match[1], _value(match[2])) for match in matches if match]


def is_joined(value: str) -> bool:
    """Whether this value has a further NAME=value in it, which could not be taken apart."""
    return bool(_STILL_JOINED.search(value))


def _taken_apart(line: str) -> str:
    """The same text with a line break where a further NAME= begins for certain."""
    for boundary in _CERTAIN:
        line = boundary.sub("\n", line)
    first = _FIRST_NAME.match(line)
    stem = re.sub(rf"{_ENDS}\Z", "", first[1]) if first else ""
    if first and len(stem) > 2 and stem != first[1]:  # OPENAI_API_KEY=…OPENAI_BASE_URL=…: both begin with OPENAI_
        head, rest = line[: first.end()], line[first.end() :]
        line = head + re.sub(rf"(?<=[^\s_#:])(?={stem}{_ENDS}\s*=)", "\n", rest)
    return line


def _value(text: str) -> str:
    """The text after the equals sign, without quotes and without a comment."""
    text = text.strip()
    if text[:1] in {"'", '"'}:
        quoted, closed, _ = text[1:].partition(text[0])
        if closed:
            return quoted
    return text.partition(" #")[0].rstrip("; \t")
