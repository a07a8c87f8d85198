"""What a character says: how much of it, what of it was heard, and what is said unasked."""
