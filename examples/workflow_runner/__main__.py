"""Starts the example under gunicorn: makes its keys, its tables and the user ann first, where they are missing."""

import argparse
import json
import os
import secrets
import sys
from pathlib import Path

from werkzeug.security import generate_password_hash

from credstore.database import close_database
from credstore.encryption.keyring import generate_key
from credstore.migrate import upgrade
from examples.workflow_runner.app import create_app
from examples.workflow_runner.models import User, db


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m examples.workflow_runner", description=__doc__)
    arguments.add_argument("--port", type=int, default=5000)
    arguments.add_argument("--folder", type=Path, default=Path("workflow-runner-data"), help="for keys and databases")
    given = arguments.parse_args()
    given.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["CREDSTORE_DATA_DIR"] = str(given.folder.absolute())
    os.environ.update({name: key for name, key in keys(given.folder / "keys.json").items() if name not in os.environ})
    os.environ.setdefault("WEB_CONCURRENCY", "2")  # gunicorn's number of workers
    prepare()
    command = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--threads", "4"]
    command += ["--no-control-socket", "--bind", f"127.0.0.1:{given.port}", "examples.workflow_runner.app:create_app()"]
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


def keys(file: Path) -> dict[str, str]:
    """The keys of this folder, made once. A real application has them in its secret store, not beside the data."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(json.dumps({"FIELD_ENCRYPTION_KEY": generate_key(), "SECRET_KEY": secrets.token_hex(32)}))
    found: dict[str, str] = json.loads(file.read_text())
    return found


def prepare() -> None:
    """Make the tables of both, and the first user, whose password is printed once."""
    app = create_app()
    upgrade(app)
    with app.app_context():
        db.create_all()
        if db.session.scalar(db.select(User).where(User.username == "ann")) is None:
            password = os.environ.get("WORKFLOW_PASSWORD") or secrets.token_urlsafe(9)
            db.session.add(User(username="ann", password_hash=generate_password_hash(password), is_admin=True))
            db.session.commit()
            sys.stdout.write(f"Sign in as ann with the password {password}\n")
            sys.stdout.flush()
        db.engine.dispose()
    close_database(app)


if __name__ == "__main__":
    main()
