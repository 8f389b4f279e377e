"""The editor's side of zaps: drafts and their changes, samples, previews, proposals, tests, versions, publishing.

`runtime.editing` is all of it (`Editing` in `editing`); the front door draws what it gives and sends changes back.
"""
