"""What pages load of a tenant."""

from django.urls import path

from tenants import views

app_name = "tenants"

urlpatterns = [
    path("<tenant:tenant>/brand.css", views.brand, name="brand"),
    path("<tenant:tenant>/logo.png", views.logo, name="logo"),
]
