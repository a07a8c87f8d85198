"""Formats of dates and times, by language, as Django looks for them (FORMAT_MODULE_PATH)."""
