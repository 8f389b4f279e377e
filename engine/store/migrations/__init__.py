"""The history of the schema; migrate.py runs it when the database is opened."""
