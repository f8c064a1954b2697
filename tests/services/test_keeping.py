"""Which messages stay in a mirror though the server has them no more."""

from datetime import UTC, datetime

import pytest

from mailctl.local.index import Known
from mailctl.local.maildir import new_key
from mailctl.services.keeping import is_foreign

MUTTS = "1767600000.R4711.desk"


def known(key, uid=None):
    received = datetime(2026, 1, 2, tzinfo=UTC)
    return Known(id=1, uid=uid, key=key, flags=frozenset(), size=1, received=received, message_id="<1@x>")


@pytest.mark.parametrize(
    ("one", "foreign"),
    [
        pytest.param(known(MUTTS), True, id="laid there by mutt"),
        pytest.param(known(MUTTS, uid=7), False, id="laid there by mutt and found on the server"),
        pytest.param(known(new_key("0123abcd")), False, id="fetched"),
        pytest.param(known(new_key("0123abcd"), uid=7), False, id="fetched and still there"),
    ],
)
def test_what_another_program_laid_into_the_mirror_is_told_by_its_name(one, foreign):
    assert is_foreign(one) is foreign
