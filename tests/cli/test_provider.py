"""`mailctl provider` lists and shows the presets, with or without a store."""


def test_list_gives_a_line_a_preset_with_its_servers(cli):
    ran = cli("provider", "list")

    assert ran.status == 0
    assert ["free", "Free", "password", "imap.free.fr:993 tls", "smtp.free.fr:465 tls"] in ran.rows
    assert ["generic", "Any server", "password", "", ""] in ran.rows


def test_list_as_json_has_every_key_of_every_preset(cli):
    found = cli("provider", "list", "--json").json

    assert len({tuple(sorted(one)) for one in found}) == 1
    assert [one["id"] for one in found] == sorted(one["id"] for one in found)


def test_show_says_where_the_facts_come_from(cli):
    shown = dict(cli("provider", "show", "ovh").rows)

    assert shown["imap"] == "ssl0.ovh.net:993 tls"
    assert shown["files_sent"] == "no"
    assert shown["source"] == "ispdb/ovh.net.xml"


def test_show_as_json_gives_the_servers_apart(cli):
    shown = cli("provider", "show", "gmail", "--json").json

    assert shown["outgoing"] == {"host": "smtp.gmail.com", "port": 465, "security": "tls"}
    assert shown["auth"] == "oauth2"


def test_a_misspelt_preset_is_guessed(cli):
    ran = cli("provider", "show", "gmial")

    assert ran.status == 67
    assert ran.err.splitlines() == [
        "mailctl: error: no provider 'gmial'",
        "hint: did you mean 'gmail'? mailctl provider list",
    ]


def test_a_name_that_is_a_path_is_no_preset(cli):
    assert cli("provider", "show", "../secrets/x", "--json").json["error"]["code"] == "provider-not-found"
