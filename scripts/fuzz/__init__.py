"""What strangers send, a million times: `make fuzz`. Bounded; prints its figures and fails if anything broke.

Start bodies, frames, RTVI messages, cards, macros, patterns, origins and tokens, made from valid ones by
mutation. Each goes where a server sends it: to the event loop, or to a thread beside it. Whatever is raised
must be of the family that the caller expects; the loop's delay and the memory are watched meanwhile.
"""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
os.environ["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"  # nothing here asks it
import django

django.setup()
