"""The operators' door to the people who run tenants, and to a way back in for those who lost theirs.

Shows a password and backup codes once, on the standard output, and keeps them nowhere.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from tenants.administering import admit_administrator, appoint_administrator, create_operator
from tenants.credentials import Credentials, renew_credentials
from tenants.directory import find_tenant
from tenants.doors.administrators import administrator_called, agreed, credentials_shown
from tenants.doors.commands import OperatorCommand
from tenants.models import Administrator, Tenant
from tenants.offering import is_believed
from tenants.refusals import Refusal
from tenants.roles import Role
from tenants.scope import tenant_scope
from tenants.standing import make_operator


class Command(OperatorCommand):
    """One operation for each of its ways of being called."""

    help = (
        "Makes an administrator of a tenant and prints a random password and three single-use backup codes, which are "
        "the second factor until an authenticator app is set up in the portal (Your account). At the first sign-in the "
        "portal asks for another password and makes other backup codes. Who is an administrator already gets the role "
        "in this tenant too and keeps their password; nobody asks them, as the portal would; where another tenant made "
        "the account and confirm_administrator was not run, this asks first. With --operator: somebody who may enter "
        "every tenant; who has an account keeps it, if it is confirmed, and this asks first. With --reset: a new "
        "password and new backup codes; the old ones and open sessions end, the app stays (recover_administrator takes "
        "it away)."
    )
    example = (
        "manage.py create_administrator adele@fabrikam.example --tenant fabrikam.example\n"
        "  manage.py create_administrator diego@fabrikam.example --tenant fabrikam.example "
        "--role helpdeskAdministrator --role guestInviter\n"
        "  manage.py create_administrator --reset adele@fabrikam.example"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address to sign in with")
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--tenant", metavar="ID_OR_DOMAIN", help="the tenant to administer: its id or a domain")
        where.add_argument("--operator", action="store_true", help="no tenant of their own: may enter every tenant")
        where.add_argument("--reset", action="store_true", help="new password and backup codes for who is there")
        parser.add_argument("--yes", action="store_true", help="do not ask about an account that is there")
        parser.add_argument("--name", default="", help="how pages and mails call them (default: the address)")
        parser.add_argument(
            "--role",
            dest="roles",
            action="append",
            choices=Role.values,
            metavar="ROLE",
            help=f"a role in the tenant, as often as needed (default: globalAdministrator): {', '.join(Role.values)}",
        )

    def handle(self, *args: Any, **options: Any) -> str:
        if options["roles"] and not options["tenant"]:
            raise CommandError("--role needs --tenant: roles are held in a tenant.", returncode=2)
        if options["reset"]:
            return self._reset(options["email"])
        if options["operator"]:
            return self._operator(options["email"], options["name"], is_sure=options["yes"])
        tenant = find_tenant(options["tenant"])
        if tenant is None:
            raise CommandError(f"No tenant is called '{options['tenant']}'. List them: manage.py doctor")
        roles = [Role(role) for role in options["roles"] or [Role.GLOBAL_ADMINISTRATOR]]
        with tenant_scope(tenant.id):
            there = administrator_called(options["email"])
            if there is not None and not options["yes"]:
                self._ask_about(there, tenant)
            return self._administer(tenant, roles, there, options["email"], options["name"])

    def _operator(self, email: str, name: str, *, is_sure: bool) -> str:
        there = administrator_called(email)
        if there is None:
            return self._made(create_operator(email=email, name=name), "may enter every tenant")
        if not is_sure and not agreed(f"{there.email} has an account. May they enter every tenant with it?"):
            raise CommandError("Nothing was changed.")
        outcome = make_operator(administrator=there)
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        return f"{outcome.email} may enter every tenant and signs in as before."

    def _ask_about(self, there: Administrator, tenant: Tenant) -> None:
        if is_believed(tenant=tenant, administrator=there):
            return
        who_made = f"{there.made_in.name} made this account" if there.made_in else "Nobody knows who made this account"
        self.stderr.write(
            f"{who_made}, and no operator confirmed that it is the person's of {there.email}: whoever typed that "
            "address saw the first password and may be the one who signs in. Ask the person, then: "
            f"manage.py confirm_administrator {there.email}"
        )
        if not agreed(f"Give this account a role in {tenant.name} all the same?"):
            raise CommandError("Nothing was changed.")

    def _administer(self, tenant: Tenant, roles: list[Role], there: Administrator | None, email: str, name: str) -> str:
        held = " and ".join(role.label for role in roles)
        if there is None:
            made = appoint_administrator(
                tenant=tenant, email=email, name=name, roles=roles, actor=self.actor, now=timezone.now()
            )
            return self._made(made, f"is {held} of {tenant.name}")
        outcome = admit_administrator(
            tenant=tenant, administrator=there, roles=roles, actor=self.actor, now=timezone.now()
        )
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        return (
            f"{there.email} is {held} of {tenant.name} and signs in as before.\n"
            f"A new password, if it is lost: manage.py create_administrator --reset {there.email}"
        )

    def _reset(self, email: str) -> str:
        there = administrator_called(email)
        if there is None:
            raise CommandError(f"{email} is no administrator. Make one: leave --reset out and name a tenant.")
        renewed = renew_credentials(administrator=there, actor=self.actor, now=timezone.now())
        return self._made(renewed, "has a new password; the old one, old backup codes and open sessions ended")

    def _made(self, outcome: Credentials | Refusal, what: str) -> str:
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        return credentials_shown(outcome, what)
