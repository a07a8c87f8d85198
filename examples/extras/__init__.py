"""An example of an app that adds to Greenroom: EXTRA_APPS=examples.extras. `greenroom` is all of it."""
