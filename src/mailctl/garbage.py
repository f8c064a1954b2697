"""Looking for garbage seldom, and not at the end: starting makes much that stays, and looking took a fifth of it."""

import atexit
import gc

COLLECT_AFTER = 100_000  # new objects


def collect_less() -> None:
    """Let this process look for garbage seldom."""
    gc.set_threshold(COLLECT_AFTER)
    atexit.register(gc.freeze)
