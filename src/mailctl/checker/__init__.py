"""mailctl-checker: looks at the watched accounts, for a timer."""
