"""A web server and a mail server on loopback that keep what they are sent."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class WebServer:
    """Answers each request with the next of `answers`, the last one again and again."""

    answers: list[int]
    text: bytes = b"SECRETANSWER"
    port: int = 0
    bodies: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=SECRETKEY"


@contextmanager
def web_server(*answers: int, text: bytes = b"SECRETANSWER") -> Iterator[WebServer]:
    kept = WebServer(list(answers) or [200], text)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.requests.append(f"{self.path} {self.headers['Content-Type']}")
            kept.bodies.append(json.loads(body))
            answer = kept.answers.pop(0) if len(kept.answers) > 1 else kept.answers[0]
            self.send_response(answer)
            if 300 <= answer < 400:
                self.send_header("Location", f"http://127.0.0.1:{kept.port}/elsewhere")
            self.end_headers()
            self.wfile.write(kept.text)

        def do_GET(self) -> None:
            """Whoever follows a redirection comes here."""
            kept.requests.append(f"GET {self.path}")
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            """Nothing on the screen of the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_port
    with _running(server):
        yield kept


@dataclass
class MailServer:
    """Takes every mail, or refuses its recipients with `recipient_code`."""

    recipient_code: int = 250
    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


@contextmanager
def mail_server(recipient_code: int = 250) -> Iterator[MailServer]:
    kept = MailServer(recipient_code)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 loopback\r\n")
            while line := self.rfile.readline():
                command = line.decode().strip()
                kept.commands.append(command)
                word = command.split(" ")[0].split(":")[0].upper()
                if word == "DATA":
                    self.wfile.write(b"354 go on\r\n")
                    kept.mails.append(self._data())
                if word == "RCPT":
                    self.wfile.write(f"{kept.recipient_code} SECRETANSWER\r\n".encode())
                else:
                    self.wfile.write(b"221 bye\r\n" if word == "QUIT" else b"250 ok\r\n")
                if word == "QUIT":
                    return

        def _data(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line)
            return b"".join(lines)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.port = server.server_address[1]
    with _running(server):
        yield kept


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
