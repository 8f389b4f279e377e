"""What the pages of our stand-ins share: look, headers, languages, live lists. No connector: nothing here is an app.

Used by the demo's mailbox (`connectors.mail`) and the Invoice2go sandbox.
"""
