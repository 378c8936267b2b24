#!/usr/bin/env python3
"""The operators' door: `manage.py help` lists the commands.

Knows that settings which are missing are told in one sentence, and that the command which makes the database cannot
wait for settings that name it.
"""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from config.management.commands.setup_database import Command as SetupDatabase

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        if sys.argv[1:2] == ["setup_database"]:
            SetupDatabase().run_from_argv(sys.argv)
        else:
            execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
