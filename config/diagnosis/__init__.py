"""What `manage.py doctor` asks, a module for each part of the installation; `examination` puts their lines in order."""
