"""Connectors of the harness's services, written as a stranger would: each is copied into the data folder and found
there.
"""
