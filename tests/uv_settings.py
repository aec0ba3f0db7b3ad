"""Prints what uv has to be told to install what pip would, as lines for a shell: uv does not read pip's settings.

Standard input is the output of `pip config list`. A setting of the environment counts before one of a file.
"""

import ast
import os
import shlex
import sys

# For each option of pip the variable of uv, and what stands between its values there.
VARIABLES = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "constraint": ("UV_CONSTRAINT", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", " "),
}
SECTIONS = ("global", "install", ":env:")  # each counts before the ones to its left


def main() -> None:
    found: dict[str, tuple[int, str]] = {}
    for line in sys.stdin:
        name, _, value = line.strip().partition("=")
        section, _, option = name.rpartition(".")
        if option in VARIABLES and section in SECTIONS:
            rank = SECTIONS.index(section)
            found[option] = max(found.get(option, (rank, "")), (rank, str(ast.literal_eval(value))))
    for option, (_, value) in found.items():
        variable, between = VARIABLES[option]
        if variable not in os.environ:
            sys.stdout.write(f"export {variable}={shlex.quote(between.join(value.split()))}\n")


main()
