"""What `make docs` writes: one module a page, one a shell."""
