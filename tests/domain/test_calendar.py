"""A calendar file that asks, cancels or answers is told by what it says at its beginning."""

import pytest

from mailctl.domain.calendar import content_type, method_of

EVENT = b"BEGIN:VEVENT\r\nSUMMARY:Visit\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


@pytest.mark.parametrize(
    ("content", "method"),
    [
        pytest.param(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\n" + EVENT, "REQUEST", id="an invitation"),
        pytest.param(b"\xef\xbb\xbf\r\nbegin:vcalendar\nmethod : Cancel \n" + EVENT, "CANCEL", id="as others write it"),
        pytest.param(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + EVENT, "", id="a calendar"),
        pytest.param(b"BEGIN:VCALENDAR\r\n" + EVENT.replace(b"SUMMARY", b"METHOD"), "", id="a word within an event"),
        pytest.param(b"BEGIN:VCALENDAR\r\nMETHOD:A; charset=x\r\n" + EVENT, "", id="what is no word"),
        pytest.param(b"METHOD:REQUEST\r\n", "", id="no calendar"),
        pytest.param(b"", "", id="nothing"),
    ],
)
def test_what_a_calendar_file_is_for(content, method):
    assert method_of(content) == method
    assert content_type(content) == (f"text/calendar; method={method}" if method else "text/calendar")
