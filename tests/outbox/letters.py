"""Renderers for tests: what the passcodes' and guests' own renderers would make of a subject, without their rows.

A letter carries a code that follows from its subject, so that two copies can be compared.
"""

from __future__ import annotations

from uuid import UUID

from django.db import OperationalError

from outbox.delivery import Message, Nothing

HERE = "tests.outbox.letters"

KINDS = ("letter", "decoy", "stale", "broken", "cut_off", "crooked", "unicode")
RENDERERS = {kind: f"{HERE}.render_{kind}" for kind in KINDS}


def address_of(subject_id: UUID) -> str:
    """The recipient of a subject's letter."""
    return f"Guest.{subject_id.hex[:12]}@xn--strae-oqa.example"


def code_of(subject_id: UUID) -> str:
    """Eight digits that nothing but the mail may hold."""
    digits = f"{subject_id.int % 10**8:08d}"
    return f"{digits[:4]} {digits[4:]}"


def render_letter(subject_id: UUID) -> Message:
    return Message(
        to=address_of(subject_id),
        subject="Your code for Fabrikam",
        text=f"Your code is {code_of(subject_id)}.\n",
        html=f"<p>Your code is <b>{code_of(subject_id)}</b>.</p>",
        from_name="Fabrikam, Inc. – Zürich",
        reply_to="adele@fabrikam.example",
        language="en",
    )


def render_decoy(subject_id: UUID) -> Nothing:
    return Nothing("suppressed", "nobody invited this address")


def render_stale(subject_id: UUID) -> Nothing:
    return Nothing("dropped", "the challenge is void")


def render_broken(subject_id: UUID) -> Message:
    raise KeyError("greeting")


def render_cut_off(subject_id: UUID) -> Message:
    raise OperationalError("the connection was closed")


def render_crooked(subject_id: UUID) -> Message:
    return Message(
        to=address_of(subject_id),
        subject="Adele\r\nBcc: everybody@contoso.example\n invites\tyou",
        text="Come in.",
        html="<p>Come in.</p>",
        from_name="Fabrikam\r\nX-Evil: yes",
    )


def render_unicode(subject_id: UUID) -> Message:
    return Message(to="guest@straße.example", subject="Hello", text="Hi", html="<p>Hi</p>", from_name="Fabrikam")
