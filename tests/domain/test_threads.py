"""Conversations: every message stands once, below what it answers, whatever the headers claim."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.threads import Member, arranged

START = datetime(2026, 3, 2, tzinfo=UTC)
IDS = st.sampled_from([f"<{number}@x>" for number in range(8)])
MEMBERS = st.lists(
    st.tuples(st.integers(0, 5), st.none() | IDS, st.lists(IDS, max_size=4).map(tuple)), max_size=12
).map(lambda rows: [Member(id, START + timedelta(days=day), own, named) for id, (day, own, named) in enumerate(rows)])


@given(MEMBERS)
def test_every_message_stands_once_and_a_conversation_together(members):
    nodes = arranged(members)

    assert sorted(node.id for node in nodes) == [one.id for one in members]
    for before, node in zip([None, *nodes], nodes, strict=False):
        assert node.depth == 0 if before is None or node.thread != before.thread else node.depth <= before.depth + 1
        assert (node.depth == 0) == (node.id == node.thread)


def test_a_long_conversation_is_no_matter_of_recursion():
    members = [Member(n, START + timedelta(n), f"<{n}@x>", (f"<{n - 1}@x>",)) for n in range(3000)]

    assert [node.depth for node in arranged(members)] == list(range(3000))
