"""Values and rules; no file, no socket, no clock, no environment."""
