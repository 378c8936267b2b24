"""The proxies as docs/deploy ships them: only addresses, ports, certificate paths and HAProxy's user are replaced."""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from config.stack.processes import ROOT, Group, Program
from config.stack.walk import free_port

HOST = "guests.example.org"
NAMES = ("nginx", "caddy", "haproxy")
DEPLOY = ROOT / "docs" / "deploy"


@dataclass(frozen=True)
class Proxy:
    """A running proxy: its ports on 127.0.0.1, its certificate, everything that it logged."""

    name: str
    http: int
    https: int
    trust: ssl.SSLContext
    folder: Path
    output: Path

    def logged(self) -> str:
        return "".join(log.read_text(errors="replace") for log in (self.output, *self.folder.glob("*.log")))


def is_installed(name: str) -> bool:
    return _program(name) is not None


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))


def first_installed() -> str:
    """The name of a proxy that is here. Without any the test is skipped, or fails in CI."""
    name = next(filter(is_installed, NAMES), NAMES[0])
    program_of(name)
    return name


def program_of(name: str) -> str:
    """The proxy's program. Without it the test is skipped, or fails in CI."""
    found = _program(name)
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(f"{name} is not installed; .ci/run installs it")
    if found is None:
        pytest.skip(f"{name} is not installed (apt-get install {name})")
    return found


class Certificate:
    """A certificate for HOST that signs itself, with its key in files."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
            .sign(key, SHA256())
        )
        chain = made.public_bytes(Encoding.PEM)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.chain, self.key, self.both = folder / "fullchain.pem", folder / "privkey.pem", folder / "both.pem"
        self.chain.write_bytes(chain)
        self.key.write_bytes(private)
        self.both.write_bytes(chain + private)

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.chain))


def start(name: str, nodes: tuple[int, int], certificate: Certificate, folder: Path, group: Group) -> Proxy:
    """Start the proxy in front of these two ports of 127.0.0.1."""
    folder.mkdir(parents=True)
    http, https = free_port(), free_port()
    program = f"{name}-{https}"
    proxy = Proxy(name, http, https, certificate.trust(), folder, output=group.logs / f"{program}.log")
    command = {"nginx": _nginx, "caddy": _caddy, "haproxy": _haproxy}[name](proxy, nodes, certificate)
    environment = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    group.start(Program(program, [program_of(name), *command], environment=environment))
    return proxy


def _shipped(file: str, replaced: Mapping[str, str], to: Path) -> Path:
    text = (DEPLOY / file).read_text()
    for old, new in replaced.items():
        assert old in text, f"{file} has no {old}"
        text = text.replace(old, new)
    to.write_text(text)
    return to


def _nodes(nodes: tuple[int, int]) -> dict[str, str]:
    return {"10.0.0.11:8000": f"127.0.0.1:{nodes[0]}", "10.0.0.12:8000": f"127.0.0.1:{nodes[1]}"}


def _nginx(proxy: Proxy, nodes: tuple[int, int], certificate: Certificate) -> list[str | Path]:
    replaced = {
        "listen 80;": f"listen 127.0.0.1:{proxy.http};",
        "listen 443 ssl;": f"listen 127.0.0.1:{proxy.https} ssl;",
        "/etc/ssl/guests.example.org/fullchain.pem": str(certificate.chain),
        "/etc/ssl/guests.example.org/privkey.pem": str(certificate.key),
        "/var/log/nginx/guests.error.log": str(proxy.folder / "guests.error.log"),
        **_nodes(nodes),
    }
    site = _shipped("nginx.conf", replaced, proxy.folder / "site.conf")
    temporary = "\n".join(
        f"    {kind}_temp_path {proxy.folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # What Debian's /etc/nginx/nginx.conf has round a file in conf.d/, with folders that anybody may write to.
    frame = proxy.folder / "nginx.conf"
    user = "user root;\n" if os.geteuid() == 0 else ""
    frame.write_text(
        f"{user}daemon off;\nworker_processes 1;\npid {proxy.folder / 'pid'};\n"
        f"error_log {proxy.folder / 'error.log'};\n"
        f"events {{ worker_connections 1024; }}\nhttp {{\n    access_log off;\n{temporary}\n    include {site};\n}}\n"
    )
    return ["-p", proxy.folder, "-c", frame, "-e", proxy.folder / "start.log"]


def _caddy(proxy: Proxy, nodes: tuple[int, int], certificate: Certificate) -> list[str | Path]:
    replaced = {
        "admin 127.0.0.1:2019": f"admin 127.0.0.1:{free_port()}",
        "http://guests.example.org {": f"http://guests.example.org:{proxy.http} {{",
        "https://guests.example.org {": f"https://guests.example.org:{proxy.https} {{",
        "/etc/ssl/guests.example.org/fullchain.pem": str(certificate.chain),
        "/etc/ssl/guests.example.org/privkey.pem": str(certificate.key),
        **_nodes(nodes),
    }
    return ["run", "--adapter", "caddyfile", "--config", _shipped("Caddyfile", replaced, proxy.folder / "Caddyfile")]


def _haproxy(proxy: Proxy, nodes: tuple[int, int], certificate: Certificate) -> list[str | Path]:
    replaced = {
        "bind :80\n": f"bind 127.0.0.1:{proxy.http}\n",
        "bind :443 ssl": f"bind 127.0.0.1:{proxy.https} ssl",
        # Only root may become somebody else, and then the kernel no longer ends it when we die.
        "    user haproxy\n    group haproxy\n": "",
        "log /dev/log local0 notice": "log stderr format raw local0 notice",
        "/etc/ssl/guests.example.org/fullchain-and-key.pem": str(certificate.both),
        **_nodes(nodes),
    }
    return ["-db", "-f", _shipped("haproxy.cfg", replaced, proxy.folder / "haproxy.cfg")]
