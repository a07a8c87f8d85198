"""Greenroom as a Django app: what a project needs besides the rooms, ours in `config` and other people's.

Typed settings, ASGI and URLs, what stands before the views, languages; in the wheel the templates, too.
"""
