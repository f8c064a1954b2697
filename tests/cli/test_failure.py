"""What no module expected is told apart: a fault of ours, or a system that lets nobody do more."""

import json
import threading

import pytest

from mailctl.cli.failure import tell_bug
from mailctl.errors import Exit


def refusal():
    """What Python says when no thread can begin, because none has so much room for its stack."""
    before = threading.stack_size(1 << 46)
    try:
        with pytest.raises(RuntimeError) as caught:
            threading.Thread(target=print).start()
    finally:
        threading.stack_size(before)
    return caught.value


def test_a_system_without_room_for_threads_is_no_fault_of_ours(capfd):
    assert tell_bug(refusal(), ["fetch"]) == Exit.TEMPORARY
    assert capfd.readouterr().err.splitlines()[0] == "mailctl: error: the system lets no more threads begin"


def test_a_fault_of_ours_is_told_as_one(capfd):
    assert tell_bug(RuntimeError("dictionary changed size"), ["fetch", "--json"]) == 70
    told = json.loads(capfd.readouterr().err)["error"]
    assert told["message"] == "a fault in mailctl itself (RuntimeError)"
    assert "dictionary" not in str(told)
