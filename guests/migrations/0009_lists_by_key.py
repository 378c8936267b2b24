"""The guests' list is turned by key: its indexes end in the key. Built beside running sign-ins: the table may be large."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

THERE = models.Q(("deleted_at__isnull", True))
PENDING = models.Q(("deleted_at", None), ("last_sign_in_at__isnull", False), ("redemption_status", "PendingAcceptance"))
UNBOUND = models.Q(("deleted_at", None), ("last_sign_in_at__isnull", False), ("method", ""))
BY_SIGN_IN = (models.F("tenant"), models.F("last_sign_in_at").desc(nulls_last=True), models.F("id"))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("guests", "0008_guest_steps")]

    operations = [
        AddIndexConcurrently(
            "guest", models.Index(fields=["tenant", "name_key", "-id"], name="guest_by_name", condition=THERE)
        ),
        AddIndexConcurrently(
            "guest",
            models.Index(fields=["tenant", "domain", "-created_at", "id"], name="guest_by_domain", condition=THERE),
        ),
        AddIndexConcurrently(
            "guest",
            models.Index(
                fields=["tenant", "redemption_status", "-created_at", "id"], name="guest_by_status", condition=THERE
            ),
        ),
        AddIndexConcurrently(
            "guest",
            models.Index(fields=["tenant", "method", "-created_at", "id"], name="guest_by_method", condition=THERE),
        ),
        AddIndexConcurrently(
            "guest", models.Index(fields=["tenant", "user_principal_name"], name="guest_by_upn", condition=THERE)
        ),
        AddIndexConcurrently(
            "guest",
            models.Index(*BY_SIGN_IN, name="guest_by_sign_in", condition=THERE),
        ),
        AddIndexConcurrently(
            "guest",
            models.Index(
                fields=["tenant", "-created_at", "id"],
                name="guest_never_signed_in",
                condition=models.Q(("deleted_at__isnull", True), ("last_sign_in_at__isnull", True)),
            ),
        ),
        AddIndexConcurrently(
            "guest",
            models.Index(fields=["tenant", "id"], name="guest_blocked", condition=models.Q(("is_blocked", True))),
        ),
        AddIndexConcurrently("guest", models.Index(*BY_SIGN_IN, name="guest_pending_by_sign_in", condition=PENDING)),
        AddIndexConcurrently("guest", models.Index(*BY_SIGN_IN, name="guest_unbound_by_sign_in", condition=UNBOUND)),
        # How the filters' columns go together, as PostgreSQL takes them for independent: no pending guest has a method.
        migrations.RunSQL(
            "CREATE STATISTICS guest_ways ON redemption_status, method, method_provider_id FROM guests_guest;"
            "CREATE STATISTICS guest_sign_ins ON redemption_status, method, last_sign_in_at FROM guests_guest;",
            "DROP STATISTICS guest_ways, guest_sign_ins",
        ),
        RemoveIndexConcurrently("guest", "guest_name"),
        RemoveIndexConcurrently("guest", "guest_domain"),
        RemoveIndexConcurrently("guest", "guest_status"),
        RemoveIndexConcurrently("guest", "guest_method"),
        RemoveIndexConcurrently("guest", "guest_upn"),
        RemoveIndexConcurrently("guest", "guest_last_sign_in"),
    ]
