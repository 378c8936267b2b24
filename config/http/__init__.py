"""What every request meets between the web server and its view."""
