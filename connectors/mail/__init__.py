"""Mail: the connectors `imap` and `gmail`, and how they read what arrives."""
