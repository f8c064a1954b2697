"""Servers on loopback and a small firm; the tests use the servers too."""
