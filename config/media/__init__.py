"""Where uploaded files lie: a folder of this machine, or a bucket that all processes share."""

from config.media.storage_settings import storages

__all__ = ["storages"]
