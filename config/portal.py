"""The portal: Django's admin behind two factors, for the tenant that the administrator chose.

Knows the frame round every page, puts config/navigation.py into it, and offers the way from one tenant to another. It
must never show a third party's admin page: those ask Django's permissions, which nobody has here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_GET, require_POST
from django_otp.admin import OTPAdminSite

from applications.models import Application
from config import account, offers, own_password, preview
from config.dashboard import overview
from config.guests_by_address import guests_at
from config.navigation import GROUPS
from config.sessions import begin
from config.sign_in import LoginForm, give_try_back, network_locked_out, take_try
from guests.views.pages import plate
from tenants.doors.admin import TenantModelAdmin
from tenants.doors.desk import Desk, actor, choose, clock, desk, offered, signed_in
from tenants.doors.known_browsers import remember_browser
from tenants.models import Administrator
from tenants.offering import offers_to
from tenants.scope import tenant_scope
from tenants.visits import enter_as_operator, record_sign_in

BEFORE_ONES_OWN = {own_password.PAGE, "logout"}
"""What is open to who signs in with a password that somebody else has seen."""

UNUSED = {"autocomplete", "view_on_site", "password_change", "password_change_done"}
"""Stock pages that look rows up without asking a role, and those that config/account.py replaces."""


class PortalSite(OTPAdminSite):  # type: ignore[misc]  # django-otp has no types
    """Both factors first, then a tenant, then what the roles there allow."""

    site_title = site_header = "Vestibule"
    login_form = LoginForm
    login_template = "admin/login.html"
    site_url = None

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        """Take our own pages only; the libraries' would list every administrator's devices and sign-ins."""
        if admin_class is not None and issubclass(admin_class, TenantModelAdmin):
            super().register(model_or_iterable, admin_class, **options)

    # --- addresses ----------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern | URLResolver]:
        pages: list[URLPattern | URLResolver] = [
            path("tenant/", self.admin_view(require_GET(self.choose_tenant)), name="choose_tenant"),
            path("tenant/switch/", self.admin_view(require_POST(self.switch_tenant)), name="switch_tenant"),
            *offers.urls(self),
            *account.urls(self),
            *preview.urls(self),
        ]
        stock = [url for url in super().get_urls() if getattr(url, "name", None) not in UNUSED]
        return pages + stock

    def admin_view(self, view: Callable[..., HttpResponseBase], cacheable: bool = False) -> Any:
        """Both factors as in django-otp, a password of one's own, a tenant where the page needs one; 403 in words."""
        needs_tenant = getattr(view, "needs_tenant", False) or isinstance(
            getattr(view, "__self__", None), TenantModelAdmin
        )

        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if _must_choose_password(request) and _page_name(request) not in BEFORE_ONES_OWN:
                return redirect(f"admin:{own_password.PAGE}")
            if needs_tenant and desk(request).tenant is None:
                return redirect(f"{reverse('admin:choose_tenant')}?{urlencode({'next': request.get_full_path()})}")
            try:
                return view(request, *args, **kwargs)
            except PermissionDenied:
                page: HttpResponseBase = self._page(
                    request, "admin/forbidden.html", "Your role does not allow this", status=403
                )
                return page

        return super().admin_view(inner, cacheable)

    # --- the frame ----------------------------------------------------------------------------------------------

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        # Who has to choose a password first is offered nothing else: no navigation, no tenant to switch to.
        is_waiting = _must_choose_password(request)
        own = Desk() if is_waiting else desk(request)
        frame = {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "has_permission": self.has_permission(request),
            "available_apps": [] if is_waiting else self.get_app_list(request),
            "is_popup": False,
            "is_nav_sidebar_enabled": own.tenant is not None,
        }
        plate_url = plate(own.tenant).brand_url if own.tenant else ""
        choices = offered(own) if frame["has_permission"] else []
        return {
            **frame,
            "desk": own,
            "tenant": own.tenant,
            "tenant_choices": choices,
            "brand_url": plate_url,
            "now": clock(),
        }

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """The navigation's groups, as the templates of Django's sidebar read them."""
        may = desk(request).may
        entries = [entry for group in GROUPS for entry in group.shown(may)]
        claimed = next((entry.url_name for entry in entries if _page_name(request) in entry.pages), None)
        # One page may stand below another's address: the longest is the one that is open.
        open_ones = (url for entry in entries if request.path.startswith(url := reverse(entry.url_name)))
        here = reverse(claimed) if claimed else max(open_ones, key=len, default="")
        return [
            {
                "name": group.name,
                "app_label": group.label,
                "app_url": reverse("admin:app_list", kwargs={"app_label": group.label}),
                "models": [
                    {"name": entry.name, "admin_url": url, "is_current": url == here}
                    for entry in group.shown(may)
                    for url in [reverse(entry.url_name)]
                ],
            }
            for group in GROUPS
            if app_label in (None, group.label) and group.shown(may)
        ]

    def destinations(self) -> list[tuple[str, str, str]]:
        """(id, name, address) of the open tenant's applications: the guests' pages lie below applications."""
        rows = Application.objects.order_by("name").values_list("id", "name", "url")
        return [(str(key), name, url) for key, name, url in rows[:200]]

    def guests_at(self, address: str) -> tuple[UUID, ...]:
        """The open tenant's guests with that canonical address: the history lies below guests."""
        return guests_at(address)

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> HttpResponse:
        """A group has no page of its own: its first entry is it."""
        for group in self.get_app_list(request, app_label):
            return redirect(group["models"][0]["admin_url"])
        raise Http404("nothing here for these roles")

    def _page(self, request: HttpRequest, template: str, title: str, *, status: int = 200, **context: Any) -> Any:
        frame = {**self.each_context(request), "title": title, "subtitle": None}
        return TemplateResponse(request, template, {**frame, **context}, status=status)

    # --- pages --------------------------------------------------------------------------------------------------

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        own = desk(request)
        if own.tenant is None:
            return redirect("admin:choose_tenant")
        asked_for, history_days = request.GET.get("days", ""), own.tenant.history_days
        drawn = overview(own.may, asked_for=asked_for, history_days=history_days, now=clock())
        page: HttpResponse = self._page(request, "admin/index.html", own.tenant.name, is_index=True, overview=drawn)
        return page

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        was_in = self.has_permission(request)
        if request.method == "POST":
            if was_in:  # to sign in as somebody else, one signs out first
                return redirect("admin:index")
            until = take_try(request)
            if until is not None:
                return network_locked_out(request, until)
        page: HttpResponse = super().login(request, {"title": "Sign in to the portal", **(extra_context or {})})
        who = request.user
        if not was_in and isinstance(who, Administrator) and getattr(who, "otp_device", None) is not None:
            give_try_back(request)
            begin(request.session)
            record_sign_in(administrator=who, actor=signed_in(request), now=clock())
            if offers_to(who).exists():
                page = redirect(f"{reverse('admin:choose_tenant')}?{urlencode({'next': page.get('Location', '')})}")
            remember_browser(request, page, who)
        return page

    def choose_tenant(self, request: HttpRequest) -> HttpResponse:
        """Which tenant to work in, and which ask for more; or, for who holds no role anywhere, whom to ask."""
        page: HttpResponse = self._page(
            request,
            "admin/choose_tenant.html",
            "Choose a tenant",
            next=request.GET.get("next", ""),
            offers=offers.shown(request),
        )
        return page

    def switch_tenant(self, request: HttpRequest) -> HttpResponse:
        """Sit down in another tenant; an operator's coming is a line in that tenant's history."""
        own = choose(request, request.POST.get("tenant", ""))
        if own is None or own.seat is None:
            messages.error(request, "There is no such tenant, or you hold no role in it.")
            return redirect("admin:choose_tenant")
        if not own.seat.roles:
            with tenant_scope(own.seat.tenant.id):
                enter_as_operator(tenant_id=own.seat.tenant.id, actor=actor(request), now=clock())
        wanted = request.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/admin/")
        return redirect(wanted if is_ours else "admin:index")


def _must_choose_password(request: HttpRequest) -> bool:
    return isinstance(request.user, Administrator) and request.user.must_change_password


def _page_name(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.url_name if match else None) or ""
