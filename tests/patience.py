"""How long tests wait for what must come: no measure of anything, so that a busy machine fails none."""

PATIENCE_SECS = 90.0
