"""Uploading a file of guests to invite: the form, the template to begin with, the earlier files.

Knows how a large file comes through a request: spooled to disk by Django, then handed on piece by piece. It must never
look into it: a worker does.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from guests.admin.batch_words import counted, state_mark
from guests.admin.desk import inviter_of
from guests.models import Batch, BatchKind
from guests.operations.batches.checking import MOST_ROWS
from guests.operations.batches.formats import TEMPLATE, VERSION
from guests.operations.batches.uploading import LARGEST_FILE, MEGABYTE, Uploaded, upload_invitations
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.doors.desk import tenant_of
from tenants.exporting import csv_row
from tenants.roles import Action

EARLIER = 10
"""Files that the page lists; the list of bulk work has them all."""

PAGE = "guests_bulk_invitations"

REPLACED = "You had this file checked before and did not start it. That check is discarded; this one holds."


class UploadForm(forms.Form):
    """One file."""

    file = forms.FileField(
        label="CSV file",
        allow_empty_file=True,  # said by the worker that reads it, in the words of all other files
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": "Which file? Choose one from your computer."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = format_html(
            "Up to {} rows and {} MB. As Entra’s template (first row <code>version:v1.0</code>), or with a header row: "
            "email, redirect URL, send email, message, name. An empty “send email” means yes. "
            '<a href="{}">Download the template</a>',
            counted(MOST_ROWS),
            LARGEST_FILE // MEGABYTE,
            reverse("admin:guests_bulk_template"),
        )


class UploadPages(TenantModelAdmin):
    """The part of the batches' admin that takes files in."""

    def get_urls(self) -> list[URLPattern]:
        # The body is read by csrf_protect below, once it is known who asks: else strangers could fill the disk.
        upload: Any = csrf_exempt(self.upload_page)
        upload.needs_tenant = True
        return [
            path("invite/", self.admin_site.admin_view(upload), name=PAGE),
            path(
                "invite/template.csv",
                self.guarded(self.template_page, Action.GUESTS_INVITE_MANY),
                name="guests_bulk_template",
            ),
            *super().get_urls(),
        ]

    def upload_page(self, request: HttpRequest) -> HttpResponseBase:
        if not self.may(request, Action.GUESTS_INVITE_MANY):
            raise PermissionDenied
        request.upload_handlers = [TemporaryFileUploadHandler(request)]
        page: HttpResponseBase = csrf_protect(self._checked_upload_page)(request)
        return page

    def _checked_upload_page(self, request: HttpRequest) -> HttpResponseBase:
        is_sent = request.method == "POST"
        form = UploadForm(request.POST, request.FILES) if is_sent else UploadForm()
        if is_sent and form.is_valid():
            file = form.cleaned_data["file"]
            outcome = upload_invitations(
                tenant=tenant_of(request),
                name=file.name,
                content=file,
                inviter=inviter_of(request),
                actor=actor(request),
                now=clock(),
            )
            if not self.refused(outcome, form, "file") and isinstance(outcome, Uploaded):
                if outcome.is_known:
                    self.message_user(request, "You uploaded this file a moment ago. Here it is.", messages.WARNING)
                elif outcome.replaced:
                    self.message_user(request, REPLACED, messages.WARNING)
                return redirect("admin:guests_batch_change", outcome.batch.pk)
        earlier = Batch.objects.filter(kind=BatchKind.INVITATIONS).order_by("-created_at", "id")[:EARLIER]
        return self.form_page(
            request,
            form,
            title="Bulk invitations",
            submit="Check the file",
            template="admin/guests/bulk_upload.html",
            lead="Upload a CSV file. You see what would happen to each row before anything is sent.",
            earlier=[(batch, state_mark(batch)) for batch in earlier],
        )

    def template_page(self, request: HttpRequest) -> HttpResponse:
        """Entra's first two rows, and nothing that would have to be taken out again."""
        content = csv_row([VERSION]) + csv_row(TEMPLATE)
        headers = {"Content-Disposition": 'attachment; filename="invite-guests.csv"'}
        return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)
