"""Provider `repertoire`: says what editors have written, and nothing else. Needs no model."""
