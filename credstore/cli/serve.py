"""`credstore serve`: makes the database and the keys where they are missing, then serves the page with gunicorn.

The process of the command becomes the server soon, without importing the application: see `credstore.server_start`.
"""

from pathlib import Path
from typing import Any

import click

from credstore.cli import FROM_FILE
from credstore.cli.listen_address import check_address
from credstore.cli.options import Interval, data_dir_option, read_config
from credstore.gunicorn_process import replace_process, serving_options


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1))
@click.option("--threads", default=16, show_default=True, type=click.IntRange(1), help="Threads of each worker.")
@click.option("--locked", is_flag=True, help="Start although the key is not the right one: to look and delete only.")
@click.option("--test-every", type=Interval(), help="Test all credentials at this interval: 24h, 90m, 7d.")
@data_dir_option
@click.pass_context
def serve(
    ctx: click.Context,
    *,
    host: str,
    port: int,
    workers: int,
    threads: int,
    locked: bool,
    test_every: int | None,
    data_dir: Path | None,
) -> None:
    """Serve the page. The first start makes the database and the keys, and prints a one-time set-up URL."""
    known: dict[str, Any] = {"bind": host, "port": port, "test_every": test_every}
    config = read_config(data_dir, run_command=False, **known)
    config.require_whole_notice_settings()
    check_address(host, port)
    replace_process(
        known | ({"data_dir": data_dir.absolute()} if data_dir else {}),
        workers=workers,
        threads=threads,
        locked=locked,
        from_file=sorted(ctx.meta.get(FROM_FILE, ())),
        serving=serving_options(config),
    )
