"""Prints the exact versions of everything that credstore needs to run, for `constraints.txt`.

.venv/bin/python -m tests.constraints > constraints.txt
"""

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HEAD = """\
# Exact versions of everything that credstore needs to run, as the tests ran with them:
#   pip install --constraint constraints.txt '.[postgres,metrics,oidc]'
# Made by: python -m tests.constraints > constraints.txt
"""


def run_time() -> dict[str, Distribution]:
    """Every package that credstore[postgres,metrics,oidc] needs, by name, without credstore."""
    found: dict[str, Distribution] = {}
    seen: set[str] = set()
    waiting = [Requirement("credstore[postgres,metrics,oidc]")]
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        package = distribution(requirement.name)
        found[canonicalize_name(requirement.name)] = package
        waiting += _requirements(package, {*requirement.extras, ""})
    del found["credstore"]
    return {name: found[name] for name in sorted(found)}


def _requirements(package: Distribution, extras: set[str]) -> Iterator[Requirement]:
    """What a package needs on this machine, with these of its extras ("" is for all)."""
    for line in package.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            yield requirement


def main() -> None:
    sys.stdout.write(HEAD + "".join(f"{name}=={item.version}\n" for name, item in run_time().items()))


if __name__ == "__main__":
    main()
