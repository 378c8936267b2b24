"""The tenant's administrators: the list, one administrator's page, appointing and removing.

Knows what Global Administrators do with each other and calls tenants/administering.py and offering.py. It must never
say which other tenants somebody belongs to, nor show a password anywhere but in the answer that made it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants.administering import (
    appoint_administrator,
    in_order,
    remove_administrator,
    set_roles,
)
from tenants.credentials import Credentials, sign_out_colleague
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.doors.desk import tenant_of
from tenants.doors.words import for_administrator, shown_time
from tenants.models import Administrator, AuditEntry, RoleAssignment, RoleOffer
from tenants.offering import offer_roles, roles_in, take_appointment, withdraw_offer
from tenants.refusals import Code, Refusal
from tenants.role_forms import AppointForm, RolesForm
from tenants.roles import Action, Role, in_words
from tenants.scope import current_tenant_id

LIST = "admin:tenants_administrator_changelist"
ONE = "admin:tenants_administrator_change"

OFFERS_SHOWN = 100
SPENT = (
    "You have appointed 10 people within an hour, which is the most. An operator’s create_administrator has no limit."
)


@admin.register(Administrator)
class AdministratorAdmin(TenantModelAdmin):
    """Who works in the tenant, one line a person."""

    view_action = Action.ADMINISTRATORS_VIEW
    list_title = "Administrators"
    when_empty = "Nobody holds a role here."
    units = ("administrator", "administrators")
    list_display = ("who", "roles_shown", "second_factor", "last_sign_in")
    list_display_links = None
    search_fields = ("email",)
    search_help_text = "Email, as it begins"
    ordering = ("name", "email")
    actions = None
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """People with a role in the open tenant; their roles elsewhere are not read."""
        here = RoleAssignment.objects.filter(tenant_id=current_tenant_id())
        came = AuditEntry.objects.filter(action="administrator.signed_in", subject_id=OuterRef("pk")).order_by("-id")
        found: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .filter(pk__in=here.values("administrator_id"))
            .prefetch_related(Prefetch("roles", here, to_attr="roles_here"))
            .annotate(
                came_at=Subquery(came.values("happened_at")[:1]),
                has_app=Exists(TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)),
                has_codes=Exists(StaticToken.objects.filter(device__user=OuterRef("pk"), device__confirmed=True)),
            )
        )
        return found

    @admin.display(description="Administrator")
    def who(self, row: Administrator) -> SafeString:
        name = name_here(row)
        under = format_html('<span class="v-under">{}</span>', row.email) if name else ""
        return format_html('<a href="{}">{}</a>{}', reverse(ONE, args=[row.pk]), name or row.email, under)

    @admin.display(description="Roles")
    def roles_shown(self, row: Administrator) -> str:
        return ", ".join(role.label for role in roles_of(row)) or "–"

    @admin.display(description="Second factor")
    def second_factor(self, row: Administrator) -> SafeString:
        mark, words = second_factor_of(row)
        return format_html('<span class="v-status v-status-{}">{}</span>', mark, words)

    @admin.display(description="Last sign-in (UTC)")
    def last_sign_in(self, row: Any) -> SafeString:
        return shown_time(row.came_at, none="Never")

    # --- pages --------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        manage = Action.ADMINISTRATORS_MANAGE
        return [
            path("appoint/", self.guarded(self.appoint_page, manage), name="administrators_appoint"),
            path(
                "<uuid:administrator_id>/remove/",
                self.guarded(self.remove_page, manage),
                name="administrators_remove",
            ),
            path(
                "<uuid:administrator_id>/sign-out/",
                self.guarded(require_POST(self.sign_out_page), manage),
                name="administrators_sign_out",
            ),
            path(
                "offers/<uuid:offer_id>/withdraw/",
                self.guarded(require_POST(self.withdraw_page), manage),
                name="administrators_withdraw",
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        waiting = RoleOffer.objects.filter(tenant_id=current_tenant_id()).select_related("administrator")
        offers = [
            {"id": one.pk, "email": one.administrator.email, "roles": roles_in(one), "at": shown_time(one.offered_at)}
            for one in waiting.order_by("offered_at")[:OFFERS_SHOWN]
        ]
        may_manage = self.may(request, Action.ADMINISTRATORS_MANAGE)
        return super().changelist_view(request, {"may_manage": may_manage, "offers": offers, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        action = Action.ADMINISTRATORS_MANAGE if request.method == "POST" else Action.ADMINISTRATORS_VIEW
        return self.guarded(self.one_page, action)(request, self.get_object(request, object_id))

    def one_page(self, request: HttpRequest, row: Administrator) -> HttpResponseBase:
        """GET shows the administrator; POST changes their roles."""
        is_open = self.may(request, Action.ADMINISTRATORS_MANAGE)
        held = roles_of(row)
        form = RolesForm(request.POST if request.method == "POST" else None, held=held, is_open=is_open)
        if form.is_bound and form.is_valid():
            outcome = set_roles(
                tenant=tenant_of(request),
                administrator=row,
                roles=form.roles(),
                shown=form.shown(),
                actor=actor(request),
                now=clock(),
            )
            if not self.refused(outcome, form):
                self.message_user(request, f"The roles of {row.email} are saved.")
                return redirect(ONE, row.pk)
        mark, words = second_factor_of(row)
        return self.form_page(
            request,
            form,
            title=name_here(row) or row.email,
            submit="Save roles" if is_open else "",
            template="admin/tenants/administrator.html",
            row=row,
            is_open=is_open,
            is_own=row.pk == request.user.pk,
            came_at=row.came_at,  # type: ignore[attr-defined]  # annotated above
            mark=mark,
            second_factor=words,
            held=[(role.label, in_words(role)) for role in held],
            may_read_history=self.may(request, Action.AUDIT_VIEW),
        )

    def appoint_page(self, request: HttpRequest) -> HttpResponse:
        """A new person gets credentials, shown in the answer to this POST and nowhere else; who has an account already
        is asked by the portal whether they want the roles."""
        form = AppointForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            outcome = self._appoint(request, form)
            if not self.refused(outcome, form):
                is_new = isinstance(outcome, Credentials)
                return self.page(
                    request,
                    "admin/tenants/appointed.html",
                    title=f"{form.cleaned_data['email']} is {'appointed' if is_new else 'asked'}",
                    made=outcome if is_new else None,
                    email=form.cleaned_data["email"],
                    roles=[role.label for role in form.roles()],
                    sign_in_url=settings.PUBLIC_URL + reverse("admin:login"),
                )
        return self.form_page(
            request,
            form,
            title="Appoint an administrator",
            submit="Appoint",
            cancel_url=reverse(LIST),
        )

    def remove_page(self, request: HttpRequest, administrator_id: UUID) -> HttpResponse:
        row = self.get_object(request, str(administrator_id))
        refusal = ""
        if request.method == "POST":
            outcome = remove_administrator(
                tenant=tenant_of(request), administrator=row, actor=actor(request), now=clock()
            )
            if not isinstance(outcome, Refusal):
                self.message_user(request, f"{row.email} holds no role here any more.")
                return redirect(LIST if row.pk != request.user.pk else "admin:choose_tenant")
            refusal = for_administrator(outcome)
        return self.page(
            request,
            "admin/tenants/remove_administrator.html",
            title=f"Remove {name_here(row) or row.email}",
            row=row,
            roles=[role.label for role in roles_of(row)],
            is_own=row.pk == request.user.pk,
            refusal=refusal,
        )

    def sign_out_page(self, request: HttpRequest, administrator_id: UUID) -> HttpResponse:
        row = self.get_object(request, str(administrator_id))
        outcome = sign_out_colleague(tenant=tenant_of(request), administrator=row, actor=actor(request), now=clock())
        if isinstance(outcome, Refusal):
            messages.error(request, for_administrator(outcome))
        else:
            self.message_user(request, f"{row.email} is signed out everywhere.")
        return redirect(ONE, row.pk)

    def withdraw_page(self, request: HttpRequest, offer_id: UUID) -> HttpResponse:
        if not RoleOffer.objects.filter(pk=offer_id, tenant_id=current_tenant_id()).exists():
            raise Http404("no such offer in this tenant")
        outcome = withdraw_offer(tenant=tenant_of(request), offer_id=offer_id, actor=actor(request), now=clock())
        if isinstance(outcome, Refusal):
            messages.error(request, for_administrator(outcome))
        else:
            self.message_user(request, f"The offer to {outcome.administrator.email} is withdrawn.")
        return redirect(LIST)

    def _appoint(self, request: HttpRequest, form: AppointForm) -> Credentials | RoleOffer | Refusal:
        """A turn is spent before anybody is looked up: the answer tells whether the email has an account."""
        who = request.user
        until = take_appointment(who) if isinstance(who, Administrator) else None
        if until is not None:
            return Refusal(Code.WAIT, until=until, reason=SPENT)
        how: dict[str, Any] = {
            "tenant": tenant_of(request),
            "roles": form.roles(),
            "actor": actor(request),
            "now": clock(),
        }
        known = form.known()
        if known is not None:
            return offer_roles(administrator=known, **how)
        return appoint_administrator(email=form.cleaned_data["email"], name=form.cleaned_data["name"], **how)


def roles_of(row: Any) -> list[Role]:
    """The roles in the open tenant of a row that get_queryset() read."""
    return in_order([one.role for one in row.roles_here])


def name_here(row: Any) -> str:
    """The name, once they have come in or while their account is new here; before, another tenant's people wrote it."""
    return str(row.name) if row.came_at or row.must_change_password else ""


def second_factor_of(row: Any) -> tuple[str, str]:
    """A mark and its words."""
    if row.has_app:
        return "ok", "Authenticator app"
    return ("wait", "Backup codes only") if row.has_codes else ("no", "None left")
