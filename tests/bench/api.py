"""The JSON API with a machine token: a page of the list, and the values of one credential after the other."""

import base64
import itertools
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select

from credstore import create_app
from credstore.config import Config
from credstore.database import close_database
from credstore.models import Credential, db
from tests.bench.client import Client
from tests.bench.comparison import Comparer
from tests.bench.figures import Figure, ratio_figure
from tests.bench.originals import COUNT
from tests.bench.pages import PER_PAGE
from tests.fixtures.serving import Server

USED = 20  # credentials whose values are asked for
CONNECTIONS = 8  # a new connection may go to any worker
LIST = f"/api/v1/credentials?limit={PER_PAGE}"
BODY = {"consumer": "workflow:1", "node": "node-1"}


def measure_api(server: Server, client: Client, comparer: Comparer) -> Iterator[Figure]:
    """`GET /api/v1/credentials`, its first page and the one after it in turns, and `POST …/ID/use`."""
    token, ids = _token_and_ids(server)
    client.close()  # its connection may have idled for too long
    first = client.get_json(LIST, token)
    assert len(first["items"]) == PER_PAGE
    addresses = itertools.cycle([LIST, f"{LIST}&cursor={first['next_cursor']}"])
    wanted = itertools.cycle(ids)

    def read() -> None:
        client.get_json(next(addresses), token)

    def use() -> None:
        client.post_json(f"/api/v1/credentials/{next(wanted)}/use", token, BODY, 200)

    for line, act in (("list, by the API, 50 credentials", read), ("use, by the API", use)):
        for _ in range(CONNECTIONS):  # each worker notes each use once
            client.close()
            for _ in range(USED):
                act()
        yield ratio_figure(line, comparer.compare(act))


def _token_and_ids(server: Server) -> tuple[str, list[str]]:
    app = create_app(Config.from_env(server.environment))
    with app.app_context():
        statement = select(Credential.public_id).where(Credential.id <= COUNT).limit(USED)
        ids = list(db.session.scalars(statement))
        public_key = base64.b64encode(X25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
        issued = app.extensions["credstore"].tokens.issue(name="bench", scopes=["use", "read"], public_key=public_key)
    close_database(app)
    return issued.text, ids
