"""The lists behind the dashboard's funnel: built beside running sign-ins, as the table may be large."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

WERE_INVITED = models.Q(("deleted_at__isnull", True), ("source", "invitation"))
PENDING = models.Q(("redemption_status", "PendingAcceptance"))
REDEEMED = models.Q(("redemption_status", "Accepted"))
MAILED = models.Q(("code_sent_at__isnull", False))
LOOKED = models.Q(("link_opened_at__isnull", False))

CONDITIONS = {
    "guest_reached_opened": WERE_INVITED & (LOOKED | MAILED | REDEEMED),
    "guest_reached_code": WERE_INVITED & (MAILED | REDEEMED),
    "guest_lost_opened": WERE_INVITED
    & PENDING
    & models.Q(("code_sent_at__isnull", True), ("link_opened_at__isnull", True)),
    "guest_lost_code": WERE_INVITED & PENDING & LOOKED & models.Q(("code_sent_at__isnull", True)),
    "guest_lost_redeemed": WERE_INVITED & PENDING & MAILED,
}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("guests", "0010_impact")]

    operations = [
        *(
            AddIndexConcurrently(
                model_name="guest",
                index=models.Index(condition=condition, fields=["tenant", "-created_at", "id"], name=name),
            )
            for name, condition in CONDITIONS.items()
        ),
        RemoveIndexConcurrently(model_name="guest", name="guest_opened"),
        RemoveIndexConcurrently(model_name="guest", name="guest_code_sent"),
    ]
