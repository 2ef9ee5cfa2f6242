from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_user_time_zone")]

    operations = [
        migrations.RemoveField(
            model_name="user",
            name="is_superuser",
        ),
    ]
