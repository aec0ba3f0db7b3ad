"""Asks /readyz of the credstore on this machine: exit status 0 where database and key are ready, 1 otherwise.

credstore answers trusted host names only, so the request names the first one of CREDSTORE_TRUSTED_HOSTS.
"""

import http.client
import os
import sys

PORT = 8000
SECONDS = 4


def main() -> int:
    """Exit status; the answer of credstore is printed, so that `docker inspect` shows it."""
    name = os.environ.get("CREDSTORE_TRUSTED_HOSTS", "").split(",")[0].strip().removeprefix(".") or "localhost"
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=SECONDS)
    try:
        connection.request("GET", "/readyz", headers={"Host": name})
        answer = connection.getresponse()
        sys.stdout.write(answer.read().decode(errors="replace"))
    except OSError:
        sys.stdout.write("credstore does not answer.\n")
        return 1
    finally:
        connection.close()
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    raise SystemExit(main())
