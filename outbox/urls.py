"""Where mail providers post."""

from django.urls import path

from outbox import views

app_name = "outbox"

urlpatterns = [path("mail/events/<slug:provider>/", views.events, name="events")]
