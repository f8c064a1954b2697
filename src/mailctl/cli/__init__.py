"""The terminal: parameters in, text out, and nothing else."""
