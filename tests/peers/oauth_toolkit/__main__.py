"""python -m tests.peers.oauth_toolkit DESCRIPTOR: answers on a listening socket that this process inherited."""

from __future__ import annotations

import os
import socket
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import django
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application


class Server(ThreadingMixIn, WSGIServer):
    """One thread for each connection; its access log goes to standard error."""

    daemon_threads = True


def main() -> None:
    """Make the database, then serve until the process is ended."""
    listening = socket.socket(fileno=int(sys.argv[1]))
    host, port = listening.getsockname()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.peers.oauth_toolkit.settings"
    os.environ["PEER_ORIGIN"] = f"http://localhost:{port}"
    django.setup()
    call_command("migrate", verbosity=0)
    server = Server((host, port), WSGIRequestHandler, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    server.server_name, server.server_port = "localhost", port
    server.setup_environ()
    server.set_app(get_wsgi_application())
    print("READY", flush=True)  # noqa: T201  # whoever started it waits for this
    server.serve_forever()


main()
