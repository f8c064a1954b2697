"""Programs of the system, run within a deadline."""

from collections.abc import Mapping

SECONDS = 60.0


def ran(words: tuple[str, ...], *, environ: Mapping[str, str]) -> tuple[int, str]:
    """A program's exit status and the last line it said; 127 for one that is not there or does not end in time."""
    import subprocess

    try:
        done = subprocess.run(
            words, env=dict(environ), capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False
        )
    except FileNotFoundError:
        return 127, f"there is no {words[0]}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, str(error)
    said = (done.stderr or done.stdout).strip().splitlines()
    return done.returncode, said[-1] if said else ""
