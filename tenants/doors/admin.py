"""The base of every page in the portal.

Knows how Django's admin becomes ours: roles instead of permissions, the chosen tenant's rows only, searches and counts
that row security leaves an index for, the audit instead of Django's log, and no row saved by a page. It must never
know a particular model.

How to use it::

    @admin.register(Guest)
    class GuestAdmin(TenantModelAdmin):
        view_action = Action.GUESTS_VIEW            # who may see the list and a row; the navigation asks it as well
        search_fields = ("address_key", "name_key")  # canonical columns, searched by how they begin
        change_action = None                         # None (the default): nobody changes rows through stock forms

        def get_urls(self):                          # a page of your own: its URL is admin:<name>
            return [
                path("invite/", self.guarded(self.invite_page, Action.GUESTS_INVITE), name="guests_invite"),
                *super().get_urls(),
            ]

        def invite_page(self, request):
            form = InviteForm(request.POST or None)
            if request.method == "POST" and form.is_valid():
                outcome = invite_guest(..., actor=actor(request), now=clock())
                if not self.refused(outcome, form):  # words a Refusal on the form; False when there is none
                    self.message_user(request, "…")
                    return redirect("admin:guests_guest_changelist")
            return self.form_page(request, form, title="Invite a guest", submit="Invite", fieldsets=(...,))

The list is turned by key (lists.py, paging.py): `ordering` and the columns of `sortable_by` need an index that begins
with (tenant, the column) and goes on with the key. A page of ours that shows rows is turned by `paging.keyset`.

A page that is no form: `return self.page(request, "admin/providers/tabs.html", title="…", …)`; its template extends
admin/base_site.html. A page for a model without a list overrides `changelist_view`. The navigation's entries stand in
config/navigation.py. Inside a page the tenant's scope is open; `desk(request).tenant` is the tenant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from tenants.doors.desk import actor, chosen_tenant, clock, desk
from tenants.doors.lists import KeysetChangeList
from tenants.doors.paging import BoundedPaginator
from tenants.doors.searching import found_by_start
from tenants.doors.words import for_administrator
from tenants.models import AuditEntry
from tenants.refusals import Refusal

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

_AdminForm: Any = AdminForm  # django-stubs wants a ModelForm; any form has what it reads

__all__ = ["BoundedPaginator", "TenantModelAdmin", "actor", "chosen_tenant", "clock", "desk"]

Page = Callable[..., HttpResponseBase]


class TenantModelAdmin(_ModelAdmin):
    """Rows of the chosen tenant, by the roles held there."""

    view_action: ClassVar[str]
    add_action: ClassVar[str | None] = None
    change_action: ClassVar[str | None] = None

    exclude = ("tenant",)
    actions_on_top = True  # with both off, Django writes an inline <style>, which the CSP refuses
    list_per_page = 25
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator
    list_title: ClassVar[str]
    """The list's heading, in breadcrumbs too."""
    units: ClassVar[tuple[str, str]] = ("", "")
    """What the list counts, one and several; the model's own names where they are empty."""
    when_empty: ClassVar[str] = ""
    """What a list without a row says: what would stand there, and how it comes to be."""

    # --- roles ------------------------------------------------------------------------------------------------

    def may(self, request: HttpRequest, action: str | None) -> bool:
        return action is not None and desk(request).may(action)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.view_action)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, self.add_action)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.change_action)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # --- pages ------------------------------------------------------------------------------------------------

    def guarded(self, page: Page, action: str) -> Page:
        """The page behind both factors, a chosen tenant and a role that allows the action."""

        @wraps(page)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not self.may(request, action):
                raise PermissionDenied
            return page(request, *args, **kwargs)

        inner.needs_tenant = True  # type: ignore[attr-defined]  # the site sends who has none to choose one
        guarded: Page = self.admin_site.admin_view(inner)
        return guarded

    def page(self, request: HttpRequest, template: str, *, title: str, **context: Any) -> TemplateResponse:
        """A page of ours in the portal's frame. `opts` names the model, for the breadcrumbs."""
        frame = {"opts": self.opts, "title": title, "subtitle": None, "list_title": self.list_title}
        return TemplateResponse(request, template, {**self.admin_site.each_context(request), **frame, **context})

    def form_page(
        self,
        request: HttpRequest,
        form: BaseForm,
        *,
        title: str,
        submit: str,
        fieldsets: Sequence[tuple[str | None, dict[str, Any]]] | None = None,
        template: str = "admin/form_page.html",
        **context: Any,
    ) -> TemplateResponse:
        """A form in Django's own fieldsets; `submit` says the deed. Every field in one fieldset by default."""
        for name in form.errors:
            if name in form.fields:
                form.fields[name].widget.attrs["autofocus"] = True  # the first field with an error gets the focus
                break
        groups = fieldsets or [(None, {"fields": list(form.fields)})]
        shown = _AdminForm(form, groups, {}, (), model_admin=self)
        return self.page(
            request, template, title=title, submit=submit, form=form, adminform=shown, errors=form.errors, **context
        )

    def refused(self, outcome: object, form: BaseForm, field: str | None = None) -> bool:
        """Whether the operation refused; its words are then on the form, at the field if one is named."""
        if not isinstance(outcome, Refusal):
            return False
        form.add_error(field, for_administrator(outcome))
        return True

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        frame = {"title": self.list_title, "subtitle": None}
        return super().changelist_view(request, {**frame, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        frame = {"title": str(row), "subtitle": None, "list_title": self.list_title}
        return super().change_view(request, object_id, form_url, {**frame, **(extra_context or {})})

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """What the audit says about this row: Django's own log is not written."""
        row = self.get_object(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if not isinstance(row.pk, UUID):
            raise Http404("the history tells of rows with a UUID only")
        entries = AuditEntry.objects.filter(subject_id=row.pk).order_by("-id")[:200]
        return self.page(request, "admin/history.html", title=f"History of {row}", object=row, entries=entries)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return KeysetChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """What the filters of the list ask for, and no column besides: the second lock behind the list's own."""
        return request is not None and lookup in {
            getattr(one, "parameter_name", "") for one in self.get_list_filter(request)
        }

    # --- rows -------------------------------------------------------------------------------------------------

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row, or 404: another tenant's row and one that never was look alike."""
        row = super().get_object(request, object_id, from_field)
        if row is None:
            raise Http404("no such row in this tenant")
        return row

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Rows of which a searched column begins with the term, folded as those columns are."""
        term = self.folded(search_term)
        if not term or "\0" in term:
            return (queryset.none() if term else queryset), False
        everything = self.get_queryset(request)
        return found_by_start(queryset, self.get_search_fields(request), term, among=everything), False

    def folded(self, search_term: str) -> str:
        """The term as the searched columns write it; lower case unless a subclass knows better."""
        return search_term.strip().lower()

    # Django's stock forms would come here past every operation, its audit and its rules. A page that tries is wrong.

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        raise NotImplementedError("A page saves no row: give it a page of its own that calls an operation.")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        raise NotImplementedError("A page deletes no row: call an operation.")

    # Django's log has no tenant and keeps names of rows. The operations write the audit.

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return None
