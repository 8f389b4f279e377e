"""`zapwerk persons`: whom it is about comes by a pipe, and stands neither in an argument nor in the audit log."""

import json

from tests.web.installation import Installation

ADA = "ada@example.com"


def test_a_person_is_found_and_erased_on_the_command_line(installation: Installation):
    installation.connect()
    installation.switch_on()
    installation.order(ADA, "bob")
    installation.work(runs=2)
    found = json.loads(installation.run("persons", "find", "--json", said=f"{ADA}\n").stdout)
    assert (found["runs"], found["going_on"]) == (1, 0)
    assert "Repeat the command with --yes" in installation.run("persons", "erase", said=f"{ADA}\n", code=1).stderr
    told = installation.run("persons", "erase", "--yes", said=f"{ADA}\n")
    assert "Backups keep what they have" in " ".join(told.stderr.split())
    assert "Kept  nothing" in installation.run("persons", "find", said=f"{ADA}\n").stdout


def test_a_text_that_means_nobody_is_refused(installation: Installation):
    assert "at least 4 characters" in installation.run("persons", "find", said="ab\n", code=1).stderr
