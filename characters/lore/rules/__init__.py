"""The rules of an entry: SillyTavern's, as one line for an editor, and by meaning."""
