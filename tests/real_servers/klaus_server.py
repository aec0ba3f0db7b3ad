"""Serves a folder of repositories with klaus: PORT FOLDER USER PASSWORD. Runs in klaus' own environment."""

import hashlib
import io
import sys
from pathlib import Path

from klaus import make_app
from werkzeug.serving import run_simple

port, folder, user, password = sys.argv[1:]
realm = "credstore-tests"
digest = hashlib.md5(f"{user}:{realm}:{password}".encode()).hexdigest()  # what the htdigest format is made of
repositories = [str(path) for path in Path(folder).iterdir()]
app = make_app(repositories, "tests", use_smarthttp=True, htdigest_file=io.StringIO(f"{user}:{realm}:{digest}\n"))
run_simple("127.0.0.1", int(port), app)
