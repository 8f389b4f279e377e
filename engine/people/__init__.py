"""People and what keeps them apart: roles, passwords, second factors, sign-ins, one-time links, tokens, the audit log.

`runtime.people` is all of it; the front door asks it, and never the store. What is refused can be told in English and
German (`sentences`); `refusals` draws the errors by what the catcher does.
"""
