"""Why a server cannot be used, in a sentence with the fix: unknown host, closed port, silence, refused certificate."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Final

_WRONG_NAME: Final = (62, 64)
"""OpenSSL's numbers for a certificate that is for another host name or address."""
_ENDED: Final = 10


def network_cause(error: BaseException, *, where: str, variable: str) -> str | None:
    """The sentence for an error of the network, wherever it stands in the chain of causes; None for any other.

    `where` is host and port, or a socket's path.
    """
    for one in chain(error):
        match one:
            case socket.gaierror():
                return f"{where}: the host's name is not known here. Correct the host in {variable}, or the DNS."
            case ConnectionRefusedError():
                return f"{where}: nobody listens there. Start the server, or correct host and port in {variable}."
            case FileNotFoundError():
                return f"{where}: there is no such socket. Start the server, or correct the path in {variable}."
            case ssl.SSLCertVerificationError(verify_code=code) if code in _WRONG_NAME:
                return f"{where}: its TLS certificate is for another name. Write the name that it has into {variable}."
            case ssl.SSLCertVerificationError(verify_code=code) if code == _ENDED:
                return f"{where}: its TLS certificate has ended. Renew it on the server."
            case ssl.SSLCertVerificationError():
                return (
                    f"{where}: its TLS certificate is from an authority that is not trusted here. "
                    "Name the authority's PEM file in TLS_CA_FILE."
                )
            case ssl.SSLError():
                return f"{where}: it does not speak TLS as {variable} expects. Correct the scheme or the port."
            case TimeoutError():
                return f"{where}: no answer in time. Is the host right, and does a firewall let this machine out to it?"
    return None


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, at most ten."""
    found: BaseException | None = error
    for _ in range(10):
        if found is None:
            return
        yield found
        found = found.__cause__ or found.__context__
