"""What a partner's provider reads of a tenant."""

from django.urls import path

from providers import views

app_name = "providers"

urlpatterns = [
    path("<tenant:tenant>/saml/metadata", views.service_metadata, name="saml_metadata"),
]
