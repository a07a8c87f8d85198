"""Provider `local`: speech and language on this machine, from wheels, without keys or downloads."""

import os

# Threads of OpenMP wait for one another by spinning, by default for a long time. Where others want the same
# cores (a voice while a reply is written), that wastes most of them: a reply came at 5 to 9 tokens a second
# instead of 23. Read when the libraries are loaded, so it is set here, before.
os.environ.setdefault("GOMP_SPINCOUNT", "700")
