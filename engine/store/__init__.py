"""What is kept: tables, the database, files, and one module per noun. Table rows never leave this package."""
