"""Provider `local`: speech and language on this machine, from wheels, without keys or downloads."""
