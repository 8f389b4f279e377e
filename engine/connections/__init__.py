"""Everything between a stored connection and the call of a connector's function.

`vault` seals what a person gave, `contexts` turns a stored connection into the `ctx` of one call, `calls` makes the
call and bounds it. `wire`, `addresses`, `signing`, `oauth`, `rates` and `sessions` are what a `ctx` is made of;
`redaction` keeps secrets out of what is written down. The runs, the triggers and the command line call `Calls`.
"""
