"""A temporary folder of this process, that is taken away also after a process that could not do so itself."""

import atexit
import fcntl
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path


class OwnedFolder:
    """A new folder at `parent` with a name that begins with `prefix`, held by a lock while the process lives.

    Folders of that name which nobody holds any more, as after `kill -9`, are removed first.
    """

    def __init__(self, parent: Path, prefix: str):
        for other in parent.glob(f"{prefix}*"):
            with suppress(OSError):  # somebody else's, or being removed by another process
                _remove_unless_held(other)
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        self._lock = (self.path / ".lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        atexit.register(shutil.rmtree, self.path, ignore_errors=True)


def _remove_unless_held(folder: Path) -> None:
    """Raises OSError. A folder without a lock is about to get one, or from a version that had none."""
    if folder.is_symlink() or not (folder / ".lock").exists():
        return
    with (folder / ".lock").open("r") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
