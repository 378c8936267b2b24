"""The development inbox: what the local stack's mail sink took, shown as a mail program would.

Knows its own few addresses. Whoever reads it reads everybody's codes, so it answers only a browser on this machine, and
only where the product itself is reached at an address of this machine. The mail's own HTML is a stranger's: it is shown
in a sandboxed frame, from an address of its own, under a policy of its own.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from config.stack import mail_folder
from config.stack.addresses import is_loopback
from guests.views.pages import page

app_name = "inbox"
SHOWN = 50
"""Mails on one page, newest first; more would only make the page slow."""

_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]…]")
# A mail has its styles in itself, may load nothing, run nothing, post nothing, and be framed by our own pages only.
_OF_A_MAIL = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "form-action": [NONE],
    "base-uri": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


def _refuse_others(request: HttpRequest) -> None:
    """404 for everybody but a browser on this machine, as if there were no inbox."""
    is_local = is_loopback(urlsplit(settings.PUBLIC_URL).hostname or "")
    if not settings.LOCAL_STACK or not is_local or not is_loopback(request.META.get("REMOTE_ADDR", "")):
        raise Http404("no inbox here")


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """The newest mails."""
    _refuse_others(request)
    return page(request, "inbox/mails.html", mails=mail_folder.newest(settings.MAIL_FOLDER, SHOWN), shown=SHOWN)


@require_safe
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]  # it knows views without arguments only
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail: its head, its HTML in a frame, its text with links that can be followed."""
    _refuse_others(request)
    found = _find(name)
    text = found.part("plain")
    return page(
        request,
        "inbox/mail.html",
        mail=found,
        has_html=found.part("html") is not None,
        text=None if text is None else with_links(text),
    )


@require_safe
@xframe_options_sameorigin
@csp(_OF_A_MAIL)  # type: ignore[arg-type]  # it knows views without arguments only
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """The mail's HTML part, as it came; its links open beside the frame."""
    _refuse_others(request)
    html = _find(name).part("html")
    if html is None:
        raise Http404("this mail has no HTML part")
    return HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))


def with_links(text: str) -> SafeString:
    """Plain text as HTML, in which only complete http and https addresses become links."""
    made, at = [], 0
    for found in _LINK.finditer(text):
        made += [escape(text[at : found.start()]), format_html('<a href="{0}">{0}</a>', found[0])]
        at = found.end()
    return mark_safe("".join([*made, escape(text[at:])]))  # noqa: S308  # each piece was escaped above


def _find(name: str) -> mail_folder.StoredMail:
    found = mail_folder.read(settings.MAIL_FOLDER, name)
    if found is None:
        raise Http404("no such mail")
    return found


urlpatterns = [
    path("", mails, name="mails"),
    path("<slug:name>", mail, name="mail"),
    path("<slug:name>/html", mail_html, name="mail_html"),
]
