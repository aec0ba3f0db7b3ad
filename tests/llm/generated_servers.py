"""Servers made up at random: a server is a function of method, path, key and history.

It judges keys in one of several ways, and stands behind any number of layers: a cache, a ban, a rate limit, a firewall,
a login proxy, a redirect, a guard against duplicate requests. It keeps a diary of which keys it accepted and refused.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from urllib.parse import urlsplit

from credstore.probe import ProbeRequest, ProbeResponse

RIGHT = "sk-proj-Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8"
FORM = re.compile(r"sk-proj-(?:[A-Z][a-z][0-9]){8}")
MODELS = {"object": "list", "data": [{"id": "m-1", "object": "model"}, {"id": "m-2", "object": "model"}]}
PLAIN_JUDGES = ("exact", "form", "prefix", "nothing", "closed")
JUDGES = ("exact", "form", "prefix", "nothing", "random", "before routing", "per path")
LAYERS = ("cache", "ban", "rate limit", "firewall", "login", "redirect", "duplicates", "every second", "nowhere")
LABELS = ("yes", "no", "other")

Labelled = tuple[str, ProbeResponse]  # what it says of the key: yes, no or other
Handler = Callable[[ProbeRequest, str], Labelled]


def error(status: int, message: str = "no", **rest: Any) -> ProbeResponse:
    return ProbeResponse(status=status, json={"error": {"message": message, **rest}})


REFUSALS = (
    error(401, "Incorrect API key provided", code="invalid_api_key"),
    ProbeResponse(status=401),
    error(403, "Forbidden"),
    error(400, "API key not valid. Please pass a valid API key."),
    ProbeResponse(status=401, json={"detail": "Unauthorized"}),
    ProbeResponse(status=200, json={"error": {"code": 401, "message": "User not found."}}),
    ProbeResponse(status=403, json=[{"error": {"code": 403, "details": [{"reason": "API_KEY_INVALID"}]}}]),
)
EMPTY_LIST = ProbeResponse(status=200, json={"object": "list", "data": []})
WANTING = (error(400, "you must provide a model parameter"), error(422, "Field required"), error(404, "no model"))
FIREWALL = (
    ProbeResponse(status=403, body_start=b"<html>Attention Required"),
    ProbeResponse(status=503, body_start=b"<html>Just a moment"),
    ProbeResponse(status=200, headers={"content-type": "text/html"}, body_start=b"<html>"),
)
TURNED_AWAY = (
    ("no", error(401, "denied")),
    ("no", error(403, "denied")),
    ("no", ProbeResponse(status=401)),
    ("other", error(429, "Too many requests")),
    ("other", error(409, "Duplicate request")),
    ("other", ProbeResponse(status=403, body_start=b"<html>")),
    ("other", error(403, "Too many attempts, temporarily blocked")),
)


def key_of(ask: ProbeRequest) -> str:
    return ask.headers.get("Authorization", "").removeprefix("Bearer ")


@dataclass
class Server:
    """One server. `diary` has (key, label, status) for every answer that it gave."""

    rng: Random
    judge: str
    layers: tuple[str, ...]
    paths: dict[str, str]  # which plain judge for each endpoint, where it judges per path
    routes: frozenset[str]
    refusal: ProbeResponse
    wanting: ProbeResponse
    empty_list: bool
    prefix: int
    luck: float
    handler: Handler = field(init=False)
    diary: list[tuple[str, str, int]] = field(default_factory=list)
    turned_away: tuple[Labelled, ...] = TURNED_AWAY

    def __post_init__(self) -> None:
        self.handler = self._serve
        for layer in self.layers:
            self.handler = WRAPPERS[layer](self, self.handler)

    def __call__(self, ask: ProbeRequest) -> ProbeResponse:
        key = key_of(ask)
        label, answer = self.handler(ask, key)
        self.diary.append((key, label, answer.status))
        return answer

    def _accepts(self, judge: str, key: str) -> bool:
        if judge == "random":
            return self.rng.random() < self.luck
        return {
            "exact": key == RIGHT,
            "before routing": key == RIGHT,
            "form": FORM.fullmatch(key) is not None,
            "prefix": key.startswith(RIGHT[: self.prefix]),
            "nothing": True,
            "closed": False,
        }[judge]

    def _serve(self, ask: ProbeRequest, key: str) -> Labelled:
        path = urlsplit(ask.url).path
        endpoint = {"/v1/models": "listing", "/v1/chat/completions": "completion"}.get(path, "")
        judge = self.paths.get(endpoint, "nothing") if self.judge == "per path" else self.judge
        there = endpoint in self.routes and (ask.method == "POST") == (endpoint == "completion")
        if not there and judge != "before routing":
            return "other", error(404, "Not found")
        if not self._accepts(judge, key):
            if self.empty_list and endpoint == "listing":
                return "no", EMPTY_LIST
            return "no", self.refusal
        if not there:
            return "other", error(404, "Not found")
        return "yes", (ProbeResponse(status=200, json=MODELS) if endpoint == "listing" else self.wanting)


def cache(server: Server, inner: Handler) -> Handler:
    """Keeps the answer of a URL and gives it to every key; it may hold a stranger's already. Ignores no-cache.

    Some caches say that they answered; what such a one tells again shows nothing of a key.
    """
    kept: dict[str, Labelled] = {}
    mine = server.rng.random() < 0.3  # some caches do look at the key
    told = server.rng.choice(({}, {"age": "120"}, {"x-cache": "HIT"}, {"cache-status": "edge; hit; ttl=9"}))
    if server.rng.random() < 0.5:
        seed = ("no", server.refusal) if server.rng.random() < 0.7 else ("yes", ProbeResponse(status=200, json=MODELS))
        kept["https://x.example/v1/models"] = seed
        if told:  # what a cache kept of this very key, and does not tell of itself, cannot be known
            kept[f"https://x.example/v1/models {RIGHT}"] = seed

    def handle(ask: ProbeRequest, key: str) -> Labelled:
        if ask.method != "GET":
            return inner(ask, key)
        place = f"{ask.url} {key}" if mine else ask.url
        if place not in kept:
            kept[place] = inner(ask, key)
            return kept[place]
        label, answer = kept[place]
        return ("other" if told else label), replace(answer, headers={**answer.headers, **told})

    return handle


def ban(server: Server, inner: Handler) -> Handler:
    """Turns everything away after so many wrong keys; where no key is wrong, after so many requests."""
    left, answer = [server.rng.randint(1, 4)], server.rng.choice(server.turned_away)

    def handle(ask: ProbeRequest, key: str) -> Labelled:
        if left[0] <= 0:
            return answer
        label, told = inner(ask, key)
        left[0] -= label == "no" or server.judge == "nothing"
        return label, told

    return handle


def rate_limit(server: Server, inner: Handler) -> Handler:
    left = [server.rng.randint(0, 6)]
    answer = server.rng.choice([a for a in server.turned_away if a[0] == "other"])

    def handle(ask: ProbeRequest, key: str) -> Labelled:
        left[0] -= 1
        return answer if left[0] < 0 else inner(ask, key)

    return handle


def firewall(server: Server, inner: Handler) -> Handler:
    """A page for some methods, for some keys, or now and then."""
    what, answer = server.rng.choice(("POST", "GET", "key", "chance")), server.rng.choice(FIREWALL)

    def handle(ask: ProbeRequest, key: str) -> Labelled:
        hit = {
            "POST": ask.method == "POST",
            "GET": ask.method == "GET",
            "key": sum(key.encode()) % 2 == 1,
            "chance": server.rng.random() < 0.3,
        }[what]
        return ("other", answer) if hit else inner(ask, key)

    return handle


def login(server: Server, inner: Handler) -> Handler:
    """A proxy that wants a user name and password, everywhere, for some requests, or now and then."""
    what = server.rng.choice(("all", "POST", "GET", "chance"))
    wall = ProbeResponse(status=401, headers={"www-authenticate": 'Basic realm="x"'}, body_start=b"<html>")

    def handle(ask: ProbeRequest, key: str) -> Labelled:
        hit = what in {"all", ask.method} or (what == "chance" and server.rng.random() < 0.4)
        return ("other", wall) if hit else inner(ask, key)

    return handle


def redirect(server: Server, inner: Handler) -> Handler:
    what = server.rng.choice(("all", "POST", "refused"))
    moved = ProbeResponse(status=server.rng.choice((301, 302, 308)), headers={"location": "https://login.example/"})

    def handle(ask: ProbeRequest, key: str) -> Labelled:
        label, told = inner(ask, key)
        hit = what == "all" or (what == "POST" and ask.method == "POST") or (what == "refused" and label == "no")
        return ("other", moved) if hit else (label, told)

    return handle


def duplicates(server: Server, inner: Handler) -> Handler:
    """Turns away what it saw before: the same place, or the same place with the same key."""
    seen: set[tuple[str, ...]] = set()
    by_key, answer = server.rng.random() < 0.5, server.rng.choice(server.turned_away)

    def handle(ask: ProbeRequest, key: str) -> Labelled:
        place = (ask.method, urlsplit(ask.url).path, key if by_key else "")
        if place in seen:
            return answer
        seen.add(place)
        return inner(ask, key)

    return handle


def every_second(server: Server, inner: Handler) -> Handler:
    """As two backends behind a load balancer, of which one turns everything away."""
    count, answer = [0], server.rng.choice(server.turned_away)

    def handle(ask: ProbeRequest, key: str) -> Labelled:
        count[0] += 1
        return answer if count[0] % 2 == 0 else inner(ask, key)

    return handle


def nowhere(server: Server, inner: Handler) -> Handler:
    return lambda ask, key: ("other", error(404, "Not found"))


WRAPPERS: dict[str, Callable[[Server, Handler], Handler]] = {
    "cache": cache,
    "ban": ban,
    "rate limit": rate_limit,
    "firewall": firewall,
    "login": login,
    "redirect": redirect,
    "duplicates": duplicates,
    "every second": every_second,
    "nowhere": nowhere,
}


def any_server(
    rng: Random, judge: str = "", layers: tuple[str, ...] | None = None, turned_away: tuple[Labelled, ...] = TURNED_AWAY
) -> Server:
    """A server drawn at random; `judge`, `layers` and what guards answer may be given."""
    routes = rng.choices(
        [{"listing", "completion"}, {"listing"}, {"completion"}, set()],
        weights=[8, 2, 2, 1],
    )[0]
    if layers is None:
        layers = tuple(rng.sample(LAYERS[:-1], rng.choice((0, 0, 1, 1, 2, 3))))
        layers += ("nowhere",) * (rng.random() < 0.02)
    return Server(
        rng=rng,
        judge=judge or rng.choice(JUDGES),
        layers=layers,
        paths={endpoint: rng.choice(PLAIN_JUDGES) for endpoint in ("listing", "completion")},
        routes=frozenset(routes),
        refusal=rng.choice(REFUSALS),
        wanting=rng.choice(WANTING),
        empty_list=rng.random() < 0.15,
        prefix=rng.randint(3, len(RIGHT) - 8),
        luck=rng.choice((0.2, 0.5, 0.8)),
        turned_away=turned_away,
    )


def wrong_key(rng: Random) -> str:
    """A key that is not the right one: of its form, with its beginning, or of no form at all."""
    made = "sk-proj-" + "".join(
        rng.choice("ABCDEFGH") + rng.choice("abcdefgh") + rng.choice("0123456789") for _ in range(8)
    )
    return rng.choice((made, RIGHT[: rng.randint(8, 24)] + made[24:], RIGHT[:-1] + "0", "other-key-0123456789"))
