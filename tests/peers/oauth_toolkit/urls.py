"""The provider's addresses: the toolkit's own, Django's sign-in page, and where a test registers its client."""

from __future__ import annotations

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.models import Application


@csrf_exempt
def clients(request: HttpRequest) -> HttpResponse:
    """Register a client, or give it another redirect URI."""
    Application.objects.update_or_create(
        client_id=request.POST["client_id"],
        defaults={
            "client_secret": request.POST["client_secret"],
            "redirect_uris": request.POST["redirect_uri"],
            "name": "Vestibule",
            "client_type": Application.CLIENT_CONFIDENTIAL,
            "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
            "algorithm": Application.RS256_ALGORITHM,
        },
    )
    return HttpResponse(status=204)


urlpatterns = [
    path("peer/clients", clients),
    path("login", LoginView.as_view()),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]
