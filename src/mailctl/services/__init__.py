"""What mailctl can do, one module a command family; neither terminal nor environment is known here."""
