"""What is kept on this machine: the mirror of mail, its index, the outbox."""
