"""The store: a folder of small TOML files, read one at a time, changed whole or not at all."""
