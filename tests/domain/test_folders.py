"""Which folder is Sent, Drafts, Trash, Junk or Archive: as the account says, else by attribute, else by name."""

import pytest

from mailctl.domain.account import Folders
from mailctl.domain.folders import Folder, Use, find, special

NONE_CHOSEN = Folders()


def folder(name: str, *attributes: str, delimiter: str | None = "/") -> Folder:
    return Folder(name=name, delimiter=delimiter, attributes=frozenset(attributes))


def test_the_account_chooses_before_the_server():
    folders = [folder("Sent", "\\sent"), folder("Envoyés par nous")]

    assert special(folders, Use.SENT, chosen=Folders(sent="Envoyés par nous")) == "Envoyés par nous"


def test_a_chosen_folder_is_meant_even_when_it_is_not_listed():
    assert special([folder("Sent", "\\sent")], Use.SENT, chosen=Folders(sent="Elsewhere")) == "Elsewhere"


def test_a_chosen_folder_gets_the_form_of_letters_the_server_has():
    decomposed = "E\u0301le\u0301ments"

    assert special([folder(decomposed)], Use.SENT, chosen=Folders(sent="Éléments")) == decomposed


def test_special_use_goes_before_the_name():
    folders = [folder("Sent"), folder("Postausgang", "\\sent"), folder("Trash"), folder("Tonne", "\\trash")]

    assert special(folders, Use.SENT, chosen=NONE_CHOSEN) == "Postausgang"
    assert special(folders, Use.TRASH, chosen=NONE_CHOSEN) == "Tonne"


@pytest.mark.parametrize(
    ("name", "delimiter", "use"),
    [
        pytest.param("Sent", "/", Use.SENT, id="English"),
        pytest.param("Sent Items", "/", Use.SENT, id="Outlook"),
        pytest.param("Éléments envoyés", "/", Use.SENT, id="French Outlook"),
        pytest.param("E\u0301le\u0301ments envoye\u0301s", "/", Use.SENT, id="French, decomposed"),
        pytest.param("INBOX.Messages envoyés", ".", Use.SENT, id="under INBOX"),
        pytest.param("INBOX/OBJETS ENVOYÉS", "/", Use.SENT, id="in capitals"),
        pytest.param("[Gmail]/Messages envoyés", "/", Use.SENT, id="Gmail in French"),
        pytest.param("[Google Mail]/Gesendet", "/", Use.SENT, id="Gmail in German"),
        pytest.param("Gesendete Elemente", "/", Use.SENT, id="German"),
        pytest.param("Brouillons", "/", Use.DRAFTS, id="drafts in French"),
        pytest.param("Entwürfe", "/", Use.DRAFTS, id="drafts in German"),
        pytest.param("INBOX.Corbeille", ".", Use.TRASH, id="trash in French"),
        pytest.param("Papierkorb", "/", Use.TRASH, id="trash in German"),
        pytest.param("Courrier indésirable", "/", Use.JUNK, id="junk in French"),
        pytest.param("Spam", None, Use.JUNK, id="junk without a delimiter"),
        pytest.param("Archives", "/", Use.ARCHIVE, id="archive in French"),
    ],
)
def test_the_usual_names_are_known(name, delimiter, use):
    folders = [folder("INBOX"), folder("Projets"), folder(name, delimiter=delimiter)]

    assert special(folders, use, chosen=NONE_CHOSEN) == name


@pytest.mark.parametrize(
    "folders",
    [
        pytest.param([], id="no folders"),
        pytest.param([folder("INBOX"), folder("Projets")], id="none by that name"),
        pytest.param([folder("Clients/Sent")], id="a client's own folder"),
        pytest.param([folder("Sent", "\\noselect")], id="one that holds folders only"),
        pytest.param([folder("Sent", "\\sent", "\\nonexistent")], id="one that is gone"),
        pytest.param([folder("Consent"), folder("Sent to Bob")], id="names that only hold the word"),
        pytest.param([folder("INBOX.Sent", delimiter="/")], id="a dot that delimits nothing"),
    ],
)
def test_no_other_folder_is_taken_for_it(folders):
    assert special(folders, Use.SENT, chosen=NONE_CHOSEN) is None


def test_of_several_the_most_usual_name_is_meant():
    folders = [folder("Gesendet"), folder("Éléments envoyés"), folder("Sent")]

    assert special(folders, Use.SENT, chosen=NONE_CHOSEN) == "Sent"


@pytest.mark.parametrize(
    ("attributes", "can_select", "repeats"),
    [
        pytest.param((), True, False, id="a plain one"),
        pytest.param(("\\noselect", "\\haschildren"), False, False, id="holds folders only"),
        pytest.param(("\\all",), True, True, id="All Mail"),
        pytest.param(("\\flagged",), True, True, id="Starred"),
        pytest.param(("\\important",), True, True, id="Important"),
        pytest.param(("\\junk",), True, False, id="Junk"),
    ],
)
def test_what_attributes_say(attributes, can_select, repeats):
    one = folder("x", *attributes)

    assert (one.can_select, one.repeats_others) == (can_select, repeats)


def test_the_exact_name_is_found_before_a_like_one():
    exact, like = folder("\u00e9"), folder("e\u0301")

    assert find([like, exact], "\u00e9") is exact
    assert find([like], "\u00e9") is like
    assert find([folder("INBOX")], "Inbox").name == "INBOX"
    assert find([exact], "E") is None
