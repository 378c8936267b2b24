"""My Apps, direct links and sign-up. `<tenant>` is an id or a verified domain."""

from django.urls import path

from applications import views

app_name = "applications"

urlpatterns = [
    path("myapps", views.my_apps_of, name="my_apps_of"),
    path("myapps/<tenant:tenant>", views.my_apps, name="my_apps"),
    path("signin/<str:name>/<uuid:application_id>", views.direct_link, name="direct_link"),
    path("signin/<str:name>/<uuid:application_id>/sign-up", views.sign_up, name="sign_up"),
]
