"""mailctl runs a firm's mailboxes from the command line."""

__version__ = "0.1.0"
