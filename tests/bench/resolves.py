"""Values for a workflow node in the same process, against the least that gives them."""

import time
from collections.abc import Callable, Iterator
from statistics import median

from cryptography.fernet import Fernet
from sqlalchemy import bindparam, select

from credstore import create_app
from credstore.config import Config
from credstore.database import close_database
from credstore.models import Credential, db
from tests.bench.comparison import Comparison, Turn
from tests.bench.figures import Figure, ratio_figure
from tests.bench.originals import COUNT
from tests.fixtures.serving import Server

USES = 1_000


def measure_resolves(server: Server, rounds: int) -> Iterator[Figure]:
    """1,000 resolves by id, against one indexed SELECT of the encrypted value and `Fernet.decrypt` for each.

    The SELECT is built once and sent on the same session.
    """
    config = Config.from_env(server.environment)
    fernet = Fernet(config.field_encryption_key)
    columns = Credential.__table__.c
    statement = select(columns.sealed).where(columns.public_id == bindparam("wanted"))
    app = create_app(config)
    with app.app_context():
        vault = app.extensions["credstore"].vault
        originals = db.session.scalars(select(columns.public_id).where(columns.id <= COUNT))  # copies do not open
        ids = list(originals) * (USES // COUNT)

        def ours() -> None:
            for public_id in ids:
                vault.resolve(public_id, consumer="workflow:1", node="node-1")

        def bare() -> None:
            for public_id in ids:
                fernet.decrypt(db.session.execute(statement, {"wanted": public_id}).scalar_one())

        ours()  # notes each use
        pairs = [(_timed(bare), _timed(ours)) for _ in range(rounds)]
        db.session.rollback()
    close_database(app)
    measured = Comparison(
        seconds=median(own.seconds for _, own in pairs),
        processor_seconds=median(own.processor_seconds for _, own in pairs),
        ratio=median(own.seconds / least.seconds for least, own in pairs),
        processor_ratio=median(own.processor_seconds / least.processor_seconds for least, own in pairs),
    )
    yield ratio_figure("1,000 resolves in process, by Fernet and one SELECT", measured)


def _timed(work: Callable[[], None]) -> Turn:
    started, processor = time.perf_counter(), time.process_time()
    work()
    return Turn(seconds=time.perf_counter() - started, processor_seconds=time.process_time() - processor)
