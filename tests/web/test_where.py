"""`zapwerk where`: what became of a record, at the command line."""

from tests.web.installation import Installation, flat


def test_the_command_says_what_became_of_a_record(switched_on: Installation):
    switched_on.order("Ada")
    switched_on.work(1)
    (found,) = switched_on.json("where", "ada")
    assert (found["kind"], found["state"], found["zap"], found["said"]) == ("run", "succeeded", "Parcels", "Done")
    told = flat(switched_on.run("where", "ada").output)
    assert "Done" in told
    assert "only ids are remembered" in told


def test_what_nobody_has_seen_is_said(switched_on: Installation):
    assert switched_on.json("where", "Christkind") == []
    assert "No zap has seen this." in switched_on.run("where", "Christkind").output
    assert "at least 3 characters" in switched_on.run("where", "a", code=1).output


def test_the_command_looks_at_the_app_where_it_is_told_to(switched_on: Installation):
    switched_on.order("Ada")
    assert switched_on.json("where", "ada") == []
    (found,) = switched_on.json("where", "ada", "--look")
    assert (found["kind"], found["zap"], found["run"]) == ("next", "Parcels", "")
    assert "comes in with the next check" in flat(switched_on.run("where", "ada", "--look").output)
    assert "--look looks at the apps" in flat(switched_on.run("where", "ada").output)


def test_less_than_was_asked_for_is_said_beside_the_table_and_beside_json(switched_on: Installation):
    long = ("where", "one two three four five six seven eight nine")
    sentence = "This is more than a search takes. Looked for were: one, two, three, four, five, six, seven, eight"
    assert sentence in flat(switched_on.run(*long).stderr)
    told = switched_on.run(*long, "--json")
    assert (told.stdout, sentence in flat(told.stderr)) == ("[]\n", True)
    assert "more than a search takes" not in switched_on.run("where", "one two").stderr
