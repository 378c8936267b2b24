"""Django's PostgreSQL backend with a pool that gives up soon while the database is away and finds it again at once."""
