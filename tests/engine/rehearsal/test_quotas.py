"""What a rehearsal can say about the quotas of plans: how much would count, not how much is left."""

from dataclasses import replace

from engine.rehearsal.rows import Foreseen, Quota, Row, Would, quotas

CLIENT = Foreseen("client", "bills.create_client", "create a client", Would.DO, uses_quota=True)
MAIL = Foreseen("mail", "mail.send", "send a mail", Would.DO)


def rows(*steps: tuple[Foreseen, ...], same_as: int | None = None) -> list[Row]:
    made = [Row(number, str(number), "", None, "", one) for number, one in enumerate(steps, 1)]
    return [*made[:-1], replace(made[-1], same_as=same_as)]


def test_what_would_be_created_is_counted_by_app_and_only_where_it_counts():
    item = replace(CLIENT, step="item", use="bills.create_item")
    other = replace(CLIENT, use="elsewhere.create")
    counted = quotas(rows((CLIENT, item, MAIL), (MAIL,), (other,)))
    assert counted == (Quota("bills", 2, exact=True), Quota("elsewhere", 1, exact=True))


def test_what_is_there_already_or_would_fail_does_not_count():
    assert quotas(rows((replace(CLIENT, outcome=Would.EXISTS),), (replace(CLIENT, outcome=Would.PROBLEM),))) == ()


def test_what_could_not_be_checked_may_count():
    assert quotas(rows((CLIENT,), (replace(CLIENT, outcome=Would.UNCHECKED),))) == (Quota("bills", 2, exact=False),)


def test_of_rows_that_are_the_same_it_may_be_fewer():
    assert quotas(rows((CLIENT,), (CLIENT,), same_as=1)) == (Quota("bills", 2, exact=False),)
