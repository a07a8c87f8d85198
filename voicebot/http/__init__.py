"""HTTP: the JSON API, pages and what they are told when something is wrong, the probes."""

__all__ = ["api", "error_pages", "json_api", "pages", "probes", "start", "web_app"]
