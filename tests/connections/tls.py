"""Certificates of made-up authorities, and listeners that speak TLS as a broker, a mail server or a database does."""

from __future__ import annotations

import ipaddress
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SSL_REQUEST = (80877103).to_bytes(4, "big")
"""PostgreSQL's request for TLS (protocol 3, SSLRequest)."""


class Authority:
    """A certificate authority in a folder; `file` is its certificate as PEM."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._signed(name, self.key, None)
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def server(self, *names: str) -> ssl.SSLContext:
        """TLS as a server with a certificate for these host names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        path = self.folder / f"{self.name}-{'-'.join(names)}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + self._signed(names[0], key, names).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _signed(self, subject: str, key: ec.EllipticCurvePrivateKey, names: tuple[str, ...] | None) -> x509.Certificate:
        now = datetime.now(UTC)
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=names is None, path_length=None), critical=True)
        )
        if names is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
        return builder.sign(self.key, hashes.SHA256())


@dataclass
class Listener:
    """A TLS listener on this machine. `heard` is what came in after the handshake: nothing from whoever refused it."""

    port: int
    heard: bytearray = field(default_factory=bytearray)
    connections: int = 0


@contextmanager
def listening(
    context: ssl.SSLContext,
    answer: Callable[[ssl.SSLSocket, Listener], None],
    before: Callable[[socket.socket], None] = lambda plain: None,
) -> Iterator[Listener]:
    """Listen until the block ends; `before` is what is said in the clear, `answer` serves one connection."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.1)
        listener = Listener(server.getsockname()[1])
        is_over = threading.Event()

        def serve(plain: socket.socket) -> None:
            with suppress(OSError, ValueError), closing(plain):
                plain.settimeout(10)
                before(plain)
                with context.wrap_socket(plain, server_side=True) as wire:
                    answer(wire, listener)

        def accept() -> None:
            while not is_over.is_set():
                with suppress(TimeoutError):
                    plain, _ = server.accept()
                    listener.connections += 1
                    threading.Thread(target=serve, args=[plain], daemon=True).start()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener
        finally:
            is_over.set()
            thread.join()


def pipe_to(upstream: Callable[[], socket.socket]) -> Callable[[ssl.SSLSocket, Listener], None]:
    """Hand everything on to a server without TLS, and its answers back."""

    def answer(wire: ssl.SSLSocket, listener: Listener) -> None:
        with closing(upstream()) as behind:
            while True:
                ready = [wire] if wire.pending() else select.select([wire, behind], [], [], 10)[0]
                for one in ready:
                    content = one.recv(65536)
                    if not content:
                        return
                    if one is wire:
                        listener.heard += content
                    (behind if one is wire else wire).sendall(content)

    return answer


def unix(path: str) -> Callable[[], socket.socket]:
    """Connects to a unix socket."""

    def connect() -> socket.socket:
        found = socket.socket(socket.AF_UNIX)
        found.connect(path)
        return found

    return connect


def http(wire: ssl.SSLSocket, listener: Listener) -> None:
    """Answers one HTTP request with a small JSON object."""
    with wire.makefile("rb") as request:
        length = 0
        for line in request:
            listener.heard += line
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
            if line == b"\r\n":
                break
        listener.heard += request.read(length)
    body = b'{"id": "<1@example.org>", "message": "Queued."}'
    wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n")
    wire.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def smtp(wire: ssl.SSLSocket, listener: Listener, *, greets: bool = False) -> None:
    """Takes any name and password, and every mail."""
    if greets:
        wire.sendall(b"220 mail ready\r\n")
    is_mail = False
    with wire.makefile("rb") as lines:
        for line in lines:
            listener.heard += line
            word = line[:4].upper()
            if is_mail:
                if line == b".\r\n":
                    is_mail = False
                    wire.sendall(b"250 taken\r\n")
            elif word == b"EHLO":
                wire.sendall(b"250-mail\r\n250 AUTH PLAIN\r\n")
            elif word == b"AUTH":
                wire.sendall(b"235 welcome\r\n")
            elif word == b"DATA":
                is_mail = True
                wire.sendall(b"354 go on\r\n")
            elif word == b"QUIT":
                wire.sendall(b"221 bye\r\n")
                return
            else:
                wire.sendall(b"250 fine\r\n")


def smtps(wire: ssl.SSLSocket, listener: Listener) -> None:
    """The same for TLS from the start: the greeting comes after the handshake."""
    smtp(wire, listener, greets=True)


def starttls(plain: socket.socket) -> None:
    """An SMTP conversation up to STARTTLS (RFC 3207)."""
    plain.sendall(b"220 mail ready\r\n")
    while True:
        word = plain.recv(1024)[:8].upper()
        if word == b"STARTTLS":
            plain.sendall(b"220 go on\r\n")
            return
        if not word:
            raise OSError("gone")
        plain.sendall(b"250-mail\r\n250 STARTTLS\r\n")


def postgresql(plain: socket.socket) -> None:
    """PostgreSQL's preamble: no to GSSAPI, yes to TLS."""
    while True:
        asked = plain.recv(8)
        if asked[4:] == SSL_REQUEST:
            plain.sendall(b"S")
            return
        if not asked:
            raise OSError("gone")
        plain.sendall(b"N")


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
