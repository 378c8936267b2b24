"""manage.py set_tenant: how a tenant is called, how it looks, what guests agree to and how long codes live (R62)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from tenants.changing import change_settings, settings_of, version_of
from tenants.doors.commands import TenantCommand
from tenants.doors.reading import text_in
from tenants.forms import SettingsForm
from tenants.models import Tenant
from tenants.origins import canonical_origin
from tenants.refusals import Refusal

OPTIONS = {
    "name": "--name",
    "sender_name": "--sender-name",
    "colour": "--colour",
    "privacy_statement_url": "--privacy-statement",
    "terms_text": "--terms-from",
    "passcode_minutes": "--passcode-minutes",
    "invitation_days": "--invitation-days",
}
"""The settings that a word of the command gives whole, by the form's field."""

FOR_EVER = "for-ever"


class Command(TenantCommand):
    """Reads what was given through the portal's form, calls one operation, prints what holds now."""

    help = (
        "Show a tenant's settings, or set some of them; what is not named stays. '' takes a sender's name, a colour or "
        "a privacy statement away, an empty file the terms of use. Other terms are a new version, which guests who "
        "redeem from then on accept. Who may invite is set_inviting's, from which domains guest_domains', the logo "
        "set_logo's, and how long the history is kept set_history_days'."
    )
    example = (
        "manage.py set_tenant --tenant fabrikam.example --colour '#274690' --terms-from terms.txt\n"
        "  manage.py set_tenant --tenant fabrikam.example --add-origin https://app.fabrikam.example"
    )

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", help="what guests see on every page")
        parser.add_argument("--sender-name", metavar="NAME", help="whom emails come from; '': the tenant's name")
        parser.add_argument("--colour", metavar="#RRGGBB", help="darkened or lightened until it can be read")
        parser.add_argument(
            "--privacy-statement", dest="privacy_statement_url", metavar="URL", help="where guests read it"
        )
        parser.add_argument(
            "--terms-from", metavar="FILE", help="the terms of use: a file of plain text, or - for stdin"
        )
        parser.add_argument("--passcode-minutes", metavar="N", help="how long a passcode works: 10 to 30")
        parser.add_argument(
            "--invitation-days",
            metavar="N",
            help=f"how long an invitation works that is made from now on: 1 to 365, or {FOR_EVER}",
        )
        parser.add_argument(
            "--add-origin",
            action="append",
            default=[],
            metavar="ORIGIN",
            help="guests may go on there; may be repeated",
        )
        parser.add_argument(
            "--remove-origin", action="append", default=[], metavar="ORIGIN", help="they no longer may; may be repeated"
        )

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        wanted = settings_of(tenant)
        typed = _typed(options)
        origins = _origins(wanted.landing_origins, options)
        if typed or origins != wanted.landing_origins:
            changed = change_settings(
                tenant=tenant,
                settings=replace(wanted, landing_origins=origins, **_read(typed)),
                actor=self.actor,
                now=timezone.now(),
                shown_version=version_of(tenant),
            )
            if isinstance(changed, Refusal):
                raise self.refused(changed)
            tenant = changed
        self._show(tenant)
        return None

    def _show(self, tenant: Tenant) -> None:
        days, terms = tenant.invitation_days, tenant.terms_text
        for label, value in (
            ("Name", tenant.name),
            ("Sender's name", tenant.sender_name or f"{tenant.name} (its name)"),
            ("Colour", tenant.colour),
            ("Privacy statement", tenant.privacy_statement_url),
            ("Terms of use", f"version {tenant.terms_version}, {len(terms):,} characters" if terms else ""),
            ("A passcode works for", f"{tenant.passcode_minutes} minutes"),
            ("An invitation works for", f"{days} day{'' if days == 1 else 's'}" if days else "ever"),
            ("Where guests may go on to", ", ".join(tenant.landing_origins)),
        ):
            self.stdout.write(f"{label}: {value or '–'}")


def _typed(options: dict[str, Any]) -> dict[str, str]:
    """What was given, by the form's field, as the form would get it from a page."""
    given = {name: options[name] for name in OPTIONS if options.get(name) is not None}
    if options["terms_from"] is not None:
        given["terms_text"] = text_in(options["terms_from"], option="--terms-from")
    if given.get("invitation_days") == FOR_EVER:
        given["invitation_days"] = ""
    elif given.get("invitation_days") == "":
        raise CommandError(f"--invitation-days: give a number from 1 to 365, or {FOR_EVER}.", returncode=2)
    return given


def _read(typed: dict[str, str]) -> dict[str, Any]:
    """The same as the operation takes it. Raises CommandError for the first that cannot be read, with its option."""
    form = SettingsForm(typed)
    for name in typed:
        for mistake in form.errors.get(name, ()):
            raise CommandError(f"{OPTIONS[name]}: {mistake}", returncode=2)
    return {name: form.cleaned_data[name] for name in typed}


def _origins(stored: list[str], options: dict[str, Any]) -> list[str]:
    added = [_origin(one, "--add-origin") for one in options["add_origin"]]
    removed = [_origin(one, "--remove-origin") for one in options["remove_origin"]]
    for one in removed:
        if one not in stored:
            raise CommandError(f"--remove-origin: {one} is none of them: {', '.join(stored) or 'there are none'}.")
    return [one for one in dict.fromkeys([*stored, *added]) if one not in removed]


def _origin(typed: str, option: str) -> str:
    try:
        return canonical_origin(typed)
    except ValueError as error:
        raise CommandError(f"{option}: {error}", returncode=2) from None
