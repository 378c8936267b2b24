"""Puts the portal's site in the place of Django's own. Alone in its file: it is read before any model is."""

from django.contrib.admin import apps as admin_apps


class PortalConfig(admin_apps.AdminConfig):
    default = False  # else Django would take it for the configuration of the app "config" as well
    default_site = "config.portal.PortalSite"
