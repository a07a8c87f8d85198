"""Static files under names that hold a hash of their contents, compressed, for browsers to keep for a year.

They are made once for each state of their sources, by whoever needs them first, so that nobody has to
remember `collectstatic`. Files of earlier states stay for pages that are still open.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import django
import servestatic
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.contrib.staticfiles.utils import get_files
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import Storage
from django.http import HttpRequest, HttpResponseBase
from servestatic.compress import Compressor
from servestatic.middleware import ServeStaticMiddleware
from servestatic.storage import CompressedManifestStaticFilesStorage

STATES_KEPT = 3
YEAR_SECS = 365 * 24 * 3600
FORM = "1"  # another one makes all files anew
HASH = re.compile(r"\.[0-9a-f]{12}(?=\.\w+$)")
IGNORED = [".*", "*~"]  # as by collectstatic


def sources() -> Iterator[tuple[str, Storage]]:
    """The files of all apps, each name once: the first app's."""
    seen = set()
    for finder in get_finders():
        for name, storage in finder.list(IGNORED):
            if name not in seen:
                seen.add(name)
                yield name, storage


@cache
def state() -> str:
    """Another one wherever a file, or what is made of it, could be."""
    found = hashlib.sha256(f"{FORM} {django.__version__} {servestatic.__version__}".encode())
    for name, storage in sorted(sources(), key=lambda source: source[0]):
        found.update(f"\0{name}\0".encode())
        found.update(hashlib.sha256(Path(storage.path(name)).read_bytes()).digest())
    return found.hexdigest()[:16]


class SomeBrotli(Compressor):
    """Gzip for all; Brotli for what visitors load: a tenth of the bytes less for ten times the time."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"use_brotli": False, "use_zstd": False})
        self._both = Compressor(**options | {"use_zstd": False})

    def compress(self, path: str | os.PathLike[str]) -> list[str]:
        if "/voicebot/" in os.fspath(path) and HASH.search(os.fspath(path)):
            return self._both.compress(path)
        return super().compress(path)


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """The storage behind `{% static %}`; it has its files made where they are not there yet."""

    def __init__(self, location: str | None = None) -> None:
        self._making = location is not None
        self.made = 0  # of how many sources, by this process
        root = Path(settings.STATIC_ROOT)
        manifests = Path(location) if location else root.parent / "manifests"
        super().__init__(location=location or root, manifest_storage=StaticFilesStorage(location=manifests))

    @property
    def manifest_name(self) -> str:
        return f"{state()}.json"

    def load_manifest(self) -> tuple[dict[str, str], str]:
        if not self._making and not settings.DEBUG:
            self.made = make()
        return super().load_manifest()

    def create_compressor(self, **options: Any) -> Compressor:
        return SomeBrotli(**options)

    def add_stats_to_manifest(self) -> None:
        """Nothing: files are looked up where they lie."""


def made() -> bool:
    """Whether the files of this state are there."""
    return (Path(settings.STATIC_ROOT).parent / "manifests" / f"{state()}.json").exists()


def make() -> int:
    """Makes all files, unless they are there: how many. Several processes may do so at the same time."""
    if made():
        return 0
    root = Path(settings.STATIC_ROOT)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="making-", dir=root.parent) as place:
            count = _make_in(place)
            _move(Path(place), root)
    except OSError as error:
        raise ImproperlyConfigured(f"STATIC_ROOT cannot be written: {error}") from error
    _forget_old(root)
    return count


def _make_in(place: str) -> int:
    storage = HashedStaticFiles(place)
    paths = {}
    for name, source in sources():
        target = Path(place, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source.path(name), target)
        paths[name] = (storage, name)
    for _, _, problem in storage.post_process(paths):
        if isinstance(problem, Exception):
            raise problem
    return len(paths)


def _move(place: Path, root: Path) -> None:
    """File by file, each at once and whole; the manifest comes last, as it says that all are there."""
    manifest = place / f"{state()}.json"
    for path in place.rglob("*"):
        if path.is_file() and path != manifest:
            target = root / path.relative_to(place)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    (root.parent / "manifests").mkdir(exist_ok=True)
    manifest.replace(root.parent / "manifests" / manifest.name)


def _forget_old(root: Path) -> None:
    """Removes hashed files that no page of the latest states asks for."""
    manifests = sorted((root.parent / "manifests").iterdir(), key=lambda path: path.stat().st_mtime)
    for old in manifests[:-STATES_KEPT]:
        old.unlink(missing_ok=True)
    known = " ".join(path.read_text() for path in manifests[-STATES_KEPT:])
    storage = StaticFilesStorage(location=root)
    for name in get_files(storage):
        plain = re.sub(r"\.(gz|br)$", "", name)
        if HASH.search(plain) and f'"{plain}"' not in known:
            (root / name).unlink(missing_ok=True)


class StaticFiles(ServeStaticMiddleware):
    """Serves them. A hash of another version, which is not known here, gets what there is, not to be kept."""

    FOREVER = YEAR_SECS
    _looked_up: ClassVar[dict[str, dict[str, Any]]] = {}

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        if not settings.DEBUG:
            make()
        super().__init__(get_response)

    def update_files_dictionary(self, root: str, prefix: str) -> None:
        """Once for a process, as a thousand files are a tenth of a second."""
        if root not in self._looked_up:
            super().update_files_dictionary(root, prefix)
            self._looked_up[root] = dict(self.files)
        self.files.update(self._looked_up[root])

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path.startswith(self.static_prefix) and path not in self.files:
            known = self.files.get(HASH.sub("", path))
            if known is not None:
                response = await self.aserve(known, request)
                response["Cache-Control"] = "no-cache"
                return response
        return await super().__call__(request)
