"""Django's settings of the provider. PEER_FOLDER has idp.key and gets the database; PEER_ORIGIN is where it stands."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER, ORIGIN = Path(os.environ["PEER_FOLDER"]), os.environ["PEER_ORIGIN"]
LOGIN_PAGE = """<!doctype html><html lang="en"><title>Log in</title><h1>Log in</h1>
<form method="post">{% csrf_token %}{{ form.as_p }}<button>Log in</button></form></html>"""

ALLOWED_HOSTS = ["localhost"]
AUTHENTICATION_BACKENDS = ["tests.peers.oauth_toolkit.people.AnyAddress"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "toolkit.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "oauth2_provider",
]
LOGIN_URL = "/login"
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": f"{ORIGIN}/o",
    "OIDC_RSA_PRIVATE_KEY": (FOLDER / "idp.key").read_text(),
    "OAUTH2_VALIDATOR_CLASS": "tests.peers.oauth_toolkit.people.StandardClaims",
    "PKCE_REQUIRED": True,
    "REQUEST_APPROVAL_PROMPT": "auto",
    "SCOPES": {"openid": "Who you are", "email": "Your address", "profile": "Your name"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # nobody has a password here
ROOT_URLCONF = "tests.peers.oauth_toolkit.urls"
SECRET_KEY = os.urandom(32).hex()
STATIC_URL = "/static/"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [
                ("django.template.loaders.locmem.Loader", {"registration/login.html": LOGIN_PAGE}),
                "django.template.loaders.app_directories.Loader",
            ]
        },
    }
]
USE_TZ = True
