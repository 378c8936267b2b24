"""Every setting, in one file: what differs between installations comes from the environment.

Knows the environment's names and refuses a missing or malformed one with its name and the fix. Numbers that the
product's behaviour fixes are not here; they are constants beside the rule that they belong to.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF

from config.beat import SCHEDULE
from config.environment import (
    env,
    keys,
    malformed,
    networks,
    number,
    one_of,
    origin,
    read_running_stack,
    required,
    switch,
    text,
    words,
)
from config.logs import LEVELS, logging_rules
from config.postgresql.pool import CONNECT_WITHIN, WAIT_FOR_CONNECTION
from config.process_names import application_name
from config.server_urls import authorities, broker, database, mail
from tenants.scope import clear_tenant

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where the configuration is ---------------------------------------------------------------------------------
# The local stack (script/up) writes running.env while it runs, so that every command finds it by itself.
DATA_DIR = Path(text("DATA_DIR") or BASE_DIR / "var").resolve()
read_running_stack(DATA_DIR)
LOCAL_STACK = switch("LOCAL_STACK", default=False)

# --- Secrets -----------------------------------------------------------------------------------------------------
SECRET_KEY = required("SECRET_KEY", "it signs cookies and forms; 50 random characters")
if not LOCAL_STACK and len(SECRET_KEY) < 50:
    raise malformed("SECRET_KEY", "it has fewer than 50 characters", "Make one: openssl rand -base64 48")
# The first makes new codes and links; the others still verify what was made with them.
PASSCODE_KEYS = keys("PASSCODE_KEYS")
# Secrets that tenants enter for their providers are sealed under the first; without one none can be stored.
PROVIDER_KEYS = keys("PROVIDER_KEYS") if text("PROVIDER_KEYS") else ()

# --- Addresses ---------------------------------------------------------------------------------------------------
_public = origin("PUBLIC_URL", "links in mails begin with it, as https://guests.example.org")
PUBLIC_URL = _public.geturl()
IS_HTTPS = _public.scheme == "https"
ALLOWED_HOSTS = words("ALLOWED_HOSTS") or [str(_public.hostname)]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
USE_X_FORWARDED_HOST = False
# How many proxies of one's own stand in front: each adds one hop to X-Forwarded-For. 0 = nobody, the header is ignored.
TRUSTED_PROXIES = number("TRUSTED_PROXIES", default=0)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# R17: load tests and one's own NATs, which the limits per source address leave alone.
SOURCE_LIMITS_EXEMPT = networks("SOURCE_LIMITS_EXEMPT")

# --- TLS: certificate authorities of one's own, trusted beside the system's by every connection that is made ----------
TLS_CA_FILE = authorities("TLS_CA_FILE")

# --- Databases: the application role, which row security binds, and the owner, which migrates --------------------
DATABASES = {"default": database("DATABASE_URL", authorities=TLS_CA_FILE, application=application_name())}
DATABASES["default"]["ENGINE"] = "config.postgresql"  # Django's, with a pool that fails soon
_NOTICES_A_DEAD_SERVER = {  # what DATABASE_URL itself says comes first
    "connect_timeout": CONNECT_WITHIN,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
DATABASES["default"]["OPTIONS"] = _NOTICES_A_DEAD_SERVER | DATABASES["default"]["OPTIONS"]
DATABASES["default"]["OPTIONS"]["pool"] = {
    "min_size": 1,
    "max_size": number("DATABASE_POOL", default=8, least=1),
    "timeout": WAIT_FOR_CONNECTION,
    "clear": clear_tenant,
}
if text("DATABASE_OWNER_URL"):
    DATABASES["owner"] = database("DATABASE_OWNER_URL", authorities=TLS_CA_FILE, application=application_name())
DATABASE_ROUTERS = ["config.routers.OwnerOnlyMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Celery: a nudge and housekeeping; the rows are the truth ----------------------------------------------------
CELERY_IMPORTS = ["config.tasks", "guests.tasks", "outbox.tasks", "providers.tasks", "tenants.tasks"]
CELERY_BROKER_URL, CELERY_BROKER_USE_SSL = broker("REDIS_URL", authorities=TLS_CA_FILE)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False
# Seconds, below visibility_timeout: the broker hands out again what is not done by then, and a task would run twice.
CELERY_TASK_SOFT_TIME_LIMIT = 50
CELERY_TASK_TIME_LIMIT = 55
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_POOL_LIMIT = 32  # as many as threads: else a frozen broker makes the others queue
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 0.3,
    "socket_connect_timeout": 0.3,
    "retry_on_timeout": False,
    "max_retries": 0,
    "visibility_timeout": 60,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = SCHEDULE

# --- Mail --------------------------------------------------------------------------------------------------------
vars().update(mail("EMAIL_URL"))
EMAIL_TIMEOUT = 10  # seconds of one wait on the server; outbox/conversation.py bounds all of them together
# anymail's own settings keep the names that its documentation gives them: ANYMAIL_MAILGUN_API_KEY and so on.
ANYMAIL: dict[str, object] = {
    name.removeprefix("ANYMAIL_"): value for name, value in env.ENVIRON.items() if name.startswith("ANYMAIL_")
}
ANYMAIL["REQUESTS_TIMEOUT"] = EMAIL_TIMEOUT  # anymail's own 30 s would hold a mail up for longer
DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL") or f"no-reply@{_public.hostname}"
OUTBOX_RENDERERS = {
    "passcode": "guests.delivery.render_passcode",
    "invitation": "guests.delivery.render_invitation",
    "invitation_copy": "guests.delivery.render_invitation_copy",
    "invitation_request": "guests.delivery.render_invitation_request",
}
MAIL_FOLDER = Path(text("MAIL_FOLDER") or DATA_DIR / "mail")

# --- Identity providers ------------------------------------------------------------------------------------------
# One registration of this installation for all tenants: work and school accounts, and personal ones.
ENTRA_CLIENT_ID = text("ENTRA_CLIENT_ID")
ENTRA_CLIENT_SECRET = text("ENTRA_CLIENT_SECRET")
MICROSOFT_ACCOUNT_CLIENT_ID = text("MICROSOFT_ACCOUNT_CLIENT_ID")
MICROSOFT_ACCOUNT_CLIENT_SECRET = text("MICROSOFT_ACCOUNT_CLIENT_SECRET")
# Another one for the clouds that stand apart, such as https://login.microsoftonline.us
ENTRA_AUTHORITY = (text("ENTRA_AUTHORITY") or "https://login.microsoftonline.com").rstrip("/")
# live: a domain's OpenID configuration is looked up (R34); lists: only the tenants' own lists are asked.
DISCOVERY = one_of("DISCOVERY", ("live", "lists"), default="live")
# Providers may stand in these networks too. Without it, in public ones only; http is taken on loopback hosts in it.
PROVIDER_NETWORKS = networks("PROVIDER_NETWORKS")
# Calls to providers that one process makes at once: half of its threads, so that the others go on serving guests.
PROVIDER_CALLS_AT_ONCE = number("PROVIDER_CALLS_AT_ONCE", default=4, least=1)

# --- The application ---------------------------------------------------------------------------------------------
DEBUG = False
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "tenants.Administrator"
INSTALLED_APPS = [
    "config",
    "config.apps.PortalConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
    "csp",
    "anymail",
    "applications",
    "guests",
    "passcodes",
    "providers",
    "outbox",
    "tenants",
]
MIDDLEWARE = [
    "config.http.answers.Correlation",
    "config.http.forwarding.ForwardedHeaders",
    "config.http.database_patience.DatabasePatience",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.http.answers.NoStore",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.http.bodies.BodyLimit",  # after those that give every answer its headers; nobody above it reads a body
    "tenants.doors.middleware.TenantScope",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "admin:login"
OTP_TOTP_ISSUER = "Vestibule"

# django-axes: ten wrong passwords or codes for one name from one network, then a pause of a quarter of an hour.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "config.sign_in.counted_name"  # one name however it is written: capitals buy no tries
AXES_LOCKOUT_CALLABLE = "config.sign_in.locked_out"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # trying during the pause does not extend it
AXES_ENABLE_ADMIN = False  # its lists would show every administrator's sign-ins
AXES_DISABLE_ACCESS_LOG = True  # the audit of the administrator's tenants tells of sign-ins
AXES_SENSITIVE_PARAMETERS = ["otp_token"]
AXES_CLIENT_IP_CALLABLE = "config.sign_in.counted_network"  # a /64 is one: its addresses cost nothing
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# The local stack and the tests serve them from where they are written; elsewhere `manage.py collectstatic` gathers
# them once per version, with their fingerprints.
IS_UNGATHERED = LOCAL_STACK or "pytest" in sys.modules
STATIC_ROOT = None if IS_UNGATHERED else DATA_DIR / "static"
WHITENOISE_USE_FINDERS = IS_UNGATHERED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if IS_UNGATHERED
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Safety ------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "script-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# Not no-referrer: browsers would then post `Origin: null`, which the CSRF check refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_SSL_REDIRECT = IS_HTTPS and switch("SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_HSTS_PRELOAD = IS_HTTPS
X_FRAME_OPTIONS = "DENY"
COOKIE_PREFIX = "__Host-" if IS_HTTPS else ""
SESSION_ENGINE = "config.sessions"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}vestibule-portal"
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}vestibule-csrf"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
# A guest's form is two hundred bytes; only a tenant's logo and bulk files are larger, and they say so themselves.
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1200

LOGGING = logging_rules(one_of("LOG_LEVEL", LEVELS, default="INFO"))
SILENCED_SYSTEM_CHECKS: list[str] = []
