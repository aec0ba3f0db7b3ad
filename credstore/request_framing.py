"""Where a request of HTTP/1.1 ends (RFC 9112, section 6). Pure: it is given the bytes as they come.

What it does not understand it calls complete: gunicorn then refuses it, see `handle_error` in slow_responses.
"""

import re

HEAD, BODY, DONE = "head", "body", "done"
MOST_HEAD = 65_536  # bytes
MOST_BODY = 2_100_000  # bytes; the application takes 2,000,000 and says so in words
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*(?=\r\n)", re.IGNORECASE)
_NAMED = re.compile(rb"\r\ncontent-length[ \t]*:", re.IGNORECASE)
_CODING = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)


class Framing:
    """`refusal` is a status where the request cannot be taken, else 0."""

    def __init__(self) -> None:
        self.state, self.refusal = HEAD, 0
        self.asks_to_continue = False
        self._looked, self._end = 0, 0

    def read(self, data: bytes | bytearray) -> str:
        """The state after `data`, which is all that came so far."""
        if self.state == HEAD:
            end = data.find(b"\r\n\r\n", max(0, self._looked - 3))
            self._looked = len(data)
            if end < 0 and len(data) > MOST_HEAD:
                self.refusal = 431
            if end < 0:
                return self.state
            self._read_head(bytes(data[: end + 4]))
        if self.state == BODY and len(data) >= self._end:
            self.state = DONE
        return self.state

    def _read_head(self, head: bytes) -> None:
        self.state = BODY
        lengths = _LENGTH.findall(head)
        if _CODING.search(head):
            self.refusal = 411  # the size of a request must be known before it is kept
        elif len(_NAMED.findall(head)) != len(lengths) or len(lengths) > 1:
            self.refusal = 400  # gunicorn may read another length than this, and a thread would wait for it
        length = int(lengths[0]) if len(lengths) == 1 else 0
        if length > MOST_BODY:
            self.refusal = 413
        self._end = len(head) + length
        self.asks_to_continue = bool(_EXPECT.search(head))
