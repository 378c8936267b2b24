"""What the audit log is searched by stands in an index: who, the code, and what was no success."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0003_history"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="code",
            field=models.CharField(blank=True, db_collation="C", max_length=20),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["tenant", "actor_name", "-id"], name="audit_actor"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("outcome", "success"), _negated=True),
                fields=["tenant", "code", "-id"],
                name="audit_code",
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("outcome", "success"), _negated=True),
                fields=["tenant", "outcome", "-id"],
                name="audit_outcome",
            ),
        ),
    ]
