"""The demonstration tenant's application: one plain page on an origin of its own, where guests arrive.

Knows nothing of Vestibule: it stands for whatever a tenant's guests are invited to.
"""

from __future__ import annotations

import socket
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Expense reports</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
:root { color-scheme: light dark; --ink: #1a2233; --paper: #f5f7fb; --card: #ffffff; --line: #cdd5e5; --mark: #274690; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecf5; --paper: #141926; --card: #1e2536; --line: #3a4560; --mark: #8ca5e0; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 40rem; margin: 4rem auto; padding: 2rem; background: var(--card); border: 1px solid var(--line);
  border-top: 6px solid var(--mark); border-radius: 0 0 .5rem .5rem; }
h1 { margin-top: 0; font-size: 1.6rem; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .5rem .5rem .5rem 0; border-bottom: 1px solid var(--line); text-align: start; }
td:last-child, th:last-child { text-align: end; font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<main>
<h1>Expense reports</h1>
<p>This is Fabrikam’s own application, on an address of its own.
Guests arrive here once Vestibule knows who they are.</p>
<table>
<caption hidden>Reports</caption>
<thead><tr><th scope="col">Report</th><th scope="col">Amount</th></tr></thead>
<tbody><tr><td>Train to Riga</td><td>84.20</td></tr><tr><td>Two nights in Riga</td><td>176.00</td></tr></tbody>
</table>
</main>
</body>
</html>
""".encode()


class Page(BaseHTTPRequestHandler):
    """The same page at every address."""

    server_version = "ExpenseReports"

    def do_GET(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PAGE)))
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None:
        """Keep no access log: an address may have anything in it."""


def serve(listening: socket.socket) -> None:
    """Answer on a socket that is bound and listening already, until the process ends."""
    server = ThreadingHTTPServer(listening.getsockname()[:2], Page, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    server.serve_forever()


if __name__ == "__main__":
    # python -I demo_app.py <descriptor of the bound socket>
    serve(socket.socket(fileno=int(sys.argv[1])))
