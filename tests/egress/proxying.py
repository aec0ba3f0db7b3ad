"""An egress proxy on loopback for tests: it connects every CONNECT to one server, or refuses it."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from tests.egress.hostile import Call


def connect_to(port: int) -> Callable[[Call], None]:
    """Open every tunnel to a server of this test, whatever name was asked for."""

    def behave(call: Call) -> None:
        with socket.create_connection(("127.0.0.1", port), 5) as upstream:
            call.send(b"HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n")
            back = threading.Thread(target=_pump, args=(upstream, call.sock))
            back.start()
            _pump(call.sock, upstream)
            back.join()

    return behave


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
    for sock in (source, sink):
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
