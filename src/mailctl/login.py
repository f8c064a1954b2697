"""The operating system's login of who runs this."""

import os


def login_name() -> str:
    """The login, from the user id and not from the environment; the number where it has no name."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
