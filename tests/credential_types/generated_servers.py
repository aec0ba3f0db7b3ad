"""Servers made of a rule and a disturbance: functions of credential, URL and history, without any network.

A server judges credentials by its rule; a disturbance may answer in its place, as caches, bans and firewalls do.
"""

import random
import re
from dataclasses import dataclass, field

from hypothesis import strategies as st

RULES = ("exact", "form", "prefix", "nothing", "nobody", "random")
DISTURBANCES = (
    "none", "cache", "cached refusal", "ban", "limit", "firewall", "redirect", "duplicates", "backends",
    "Digest", "login",
)  # fmt: skip
RIGHT = "tool-canary-0123456789abcdef"
WRONG = ("tool-canary-9z8y7x6w5v4u3t2s", "other-3f2a9c8b7d6e5f4a3b2c", "tool-canary-0123456789abcdee")


@dataclass(frozen=True)
class Reply:
    """What came back: `by` says whether the rule spoke ("server") or the disturbance."""

    status: int
    by: str = "server"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Server:
    """`after`: how many requests a ban or limit lets pass, or every how many a firewall or a backend interferes."""

    rule: str
    disturbance: str
    after: int
    refusal: int
    disturbed: int
    offset: int
    seed: int
    log: list[tuple[str | None, Reply]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.stored: dict[str, Reply] = {}
        self.seen: set[str] = set()

    def reply(self, credential: str | None, url: str, *, judged: bool = True, allowed: bool = True) -> Reply:
        """`judged`: whether this URL needs a credential; `allowed`: whether the right one may do this."""
        found = self._disturb(url) or self._judge(credential, judged=judged, allowed=allowed)
        self.log.append((credential, found))
        self.seen.add(url)
        if found.by == "server" and (found.status == 200 or self.disturbance == "cached refusal"):
            self.stored.setdefault(url, Reply(found.status, "cache", found.headers | {"age": "3"}))
        return found

    def accepts(self, credential: str | None) -> bool:
        if credential is None:
            return False
        if self.rule == "random":
            return self.random.random() < 0.5
        return {
            "exact": credential == RIGHT,
            "form": form_of(credential) == form_of(RIGHT),
            "prefix": credential.startswith("tool-canary-"),
            "nothing": True,
            "nobody": False,
        }[self.rule]

    def _judge(self, credential: str | None, *, judged: bool, allowed: bool) -> Reply:
        if not judged:
            return Reply(200)
        if self.accepts(credential):
            return Reply(200) if allowed else Reply(403)
        challenge = "Digest realm=x" if self.disturbance == "Digest" else 'Basic realm="x", Bearer realm="x"'
        return Reply(self.refusal, headers={"www-authenticate": challenge} if self.refusal == 401 else {})

    def _disturb(self, url: str) -> Reply | None:
        number = len(self.log)
        turn = (number + self.offset) % (self.after + 1) == 0
        page = {"content-type": "text/html"}
        if self.disturbance in {"cache", "cached refusal"}:
            return self.stored.get(url)
        if self.disturbance == "Digest" and number + self.offset >= self.after:
            return Reply(401, "Digest", {"www-authenticate": 'Digest realm="x", nonce="Basic"'})
        if (self.disturbance == "ban" and number >= self.after) or (self.disturbance == "firewall" and turn):
            return Reply(self.disturbed, self.disturbance, page)
        if self.disturbance == "limit" and number >= self.after:
            return Reply(self.disturbed, "limit", {"retry-after": "30"})
        if self.disturbance == "login" and turn:  # of a proxy, which wants another scheme than the server does
            return Reply(401, "login", page | {"www-authenticate": 'Token realm="proxy"'})
        if self.disturbance == "redirect" and turn:
            return Reply(302, "redirect", {"location": "https://sso.example/login"})
        if self.disturbance == "duplicates" and url in self.seen:
            return Reply(self.disturbed, "duplicates")
        # One of several servers behind the address is closed, to everybody.
        if self.disturbance == "backends" and turn:
            return Reply(self.disturbed, "backends")
        return None


def form_of(key: str) -> str:
    """What a server that looks at the form sees: separators, lengths, classes of characters in each word's place."""
    return re.sub(r"[a-z0-9]", "a", re.sub(r"[A-Z]", "A", key))


def servers() -> st.SearchStrategy[Server]:
    return st.builds(
        Server,
        rule=st.sampled_from(RULES),
        disturbance=st.sampled_from(DISTURBANCES),
        after=st.integers(0, 5),
        refusal=st.sampled_from([401, 403, 404]),
        disturbed=st.sampled_from([403, 404, 429, 500, 503]),
        offset=st.integers(0, 5),
        seed=st.integers(0, 2**32),
    )


def drawn_servers(count: int, seed: int) -> list[Server]:
    """As many servers, drawn by a seed: faster by far than hypothesis, for counts of thousands."""
    draw = random.Random(seed)
    return [
        Server(
            rule=draw.choice(RULES),
            disturbance=draw.choice(DISTURBANCES),
            after=draw.randrange(6),
            refusal=draw.choice([401, 403, 404]),
            disturbed=draw.choice([403, 404, 429, 500, 503]),
            offset=draw.randrange(6),
            seed=draw.randrange(2**32),
        )
        for _ in range(count)
    ]
