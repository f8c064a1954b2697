"""Servers: TLS, login, IMAP and SMTP. Foreign exceptions end here."""
