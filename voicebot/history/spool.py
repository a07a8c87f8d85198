"""The spool: finished turns on this machine's disk until the database has them.

Each process appends to files of its own under DATA_DIR/spool, which it keeps locked while it lives. What a
process that was killed has left there is brought home by whichever process can lock it: the next one to
start, or one that sees the database again. The same turn may come home twice; it is written once.

A file begins with a line of magic and a line of JSON: its id and its own data key, wrapped by the key ring
as those of sessions are. Then come records: four bytes of length (big endian), a nonce (12 bytes) and
AES-256-GCM ciphertext of a turn as JSON, bound to the file and its place in it. The words within are sealed a
second time, under the data key of their session: once that is erased, nobody reads them, here or elsewhere.
A record that was cut off by the end of its process ends the file.
"""

import base64
import fcntl
import json
import os
import secrets
import struct
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions_app.crypto import NONCE_BYTES, WrappedKey, key_ring
from sessions_app.exceptions import RecordUnreadable
from sessions_app.shared_cache import packed, unpacked
from sessions_app.stores import TURN_FIELDS, TurnRecord

MAGIC = b"greenroom-spool-1\n"
SUFFIX, REFUSED = ".turns", ".refused"
LENGTH = struct.Struct(">I")
MOST_RECORD_BYTES = 1 << 20  # of one turn: more than any that a session takes
SPOOL_FILE_BYTES = 1 << 20  # after which a new file is begun, so that an old one can go
MOST_BYTES = 64 << 20  # of all files of a process: a day of talk for a hundred visitors

Spooled = tuple[UUID, TurnRecord]  # the session, and its turn


class SpoolFull(Exception):
    """There is no more room for turns that the database does not take, or the disk takes none."""

    quotable = True


def _aad(file_id: UUID, place: int) -> bytes:
    return f"greenroom:1:spool:{file_id}:{place}".encode()


class _File:
    """One file of this process's, open and locked. It gets its name when it is locked: nobody can take it for
    a dead process's before."""

    def __init__(self, folder: Path, suffix: str = SUFFIX):
        self.id = uuid4()
        data_key, wrapped = key_ring().new_data_key(self.id)
        self._cipher = AESGCM(data_key)
        self.path = folder / f"{self.id.hex}{suffix}"
        hidden = folder / f".{self.id.hex}"
        self._descriptor = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        head = {"file": self.id.hex, "by": wrapped.key_id, "key": base64.b64encode(wrapped.data).decode()}
        self._head = self.size = 0
        self._records = 0
        self._unsynced = False
        self._write(MAGIC + json.dumps(head).encode() + b"\n")
        self._head = self.size
        hidden.rename(self.path)
        self.waiting: set[UUID] = set()  # identities of turns in it that are not home yet

    def _write(self, data: bytes) -> None:
        """Writes all of `data`, or nothing: half a record would hide those after it. Raises OSError."""
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(data)
        self._unsynced = True

    def append(self, turns: Sequence[Spooled]) -> None:
        sealed = b""
        for place, (session_id, turn) in enumerate(turns, self._records):
            plain = json.dumps([session_id.hex, packed(turn)]).encode()
            nonce = secrets.token_bytes(NONCE_BYTES)
            record = nonce + self._cipher.encrypt(nonce, plain, _aad(self.id, place))
            sealed += LENGTH.pack(len(record)) + record
        self._write(sealed)
        self._records += len(turns)
        self.waiting |= {turn.identity for _, turn in turns}

    def sync(self) -> None:
        if self._unsynced:
            os.fsync(self._descriptor)
            self._unsynced = False

    def empty(self) -> None:
        """Everything in it is home."""
        os.ftruncate(self._descriptor, self._head)
        self.size, self._records = self._head, 0

    def close(self) -> None:
        """Lets go of the file, which is gone if nothing in it is still to be written."""
        if not self.waiting:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)


class Spool:
    """The files of this process. Methods block as long as the disk does; call them from any thread."""

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES, file_bytes: int = SPOOL_FILE_BYTES):
        self._folder = folder
        self._most_bytes, self._file_bytes = most_bytes, file_bytes
        self._lock = threading.Lock()
        self._files: list[_File] = []

    @property
    def waiting(self) -> int:
        """Turns on disk that are not known to be home."""
        with self._lock:
            return sum(len(file.waiting) for file in self._files)

    def append(self, turns: Sequence[Spooled]) -> None:
        """Keeps turns: from now on they survive the end of this process. Raises SpoolFull."""
        with self._lock:
            try:
                self._writable().append(turns)
            except OSError as error:
                raise SpoolFull(f"{self._folder}: {error.strerror}") from error

    def sync(self) -> None:
        """What was appended is on disk when this returns, and survives a power cut. Raises SpoolFull."""
        with self._lock:
            try:
                for file in self._files:
                    file.sync()
            except OSError as error:
                raise SpoolFull(f"{self._folder}: {error.strerror}") from error

    def home(self, identities: Iterable[UUID]) -> None:
        """These turns are in the database, or there is nowhere to write them to."""
        gone = set(identities)
        with self._lock:
            for file in self._files:
                if file.waiting and not (file.waiting - gone):
                    file.empty()
                file.waiting -= gone
            for file in [file for file in self._files[:-1] if not file.waiting]:
                file.close()
                self._files.remove(file)

    def refuse(self, turns: Sequence[Spooled]) -> Path:
        """Keeps turns that the database takes from nobody, for an operator to look at. Raises SpoolFull."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = _File(self._folder, REFUSED)
            file.append(turns)
            file.sync()
            file.close()
        except OSError as error:
            raise SpoolFull(f"{self._folder}: {error.strerror}") from error
        return file.path

    def _writable(self) -> _File:
        if sum(file.size for file in self._files) >= self._most_bytes:
            raise SpoolFull(f"{self._folder} holds {self._most_bytes >> 20} MB already")
        if not self._files or self._files[-1].size >= self._file_bytes:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._files.append(_File(self._folder))
        return self._files[-1]

    def left_behind(self) -> Iterator["LeftBehind"]:
        """The files of processes that are gone, each locked for as long as the caller is at it."""
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            try:
                file = path.open("rb+")
            except OSError:
                continue  # somebody else has just brought it home
            with file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    continue  # its process lives, or another one is at it
                if os.fstat(file.fileno()).st_nlink:
                    yield LeftBehind(path, file)

    def under_other_keys(self, key_id: str) -> int:
        """How many files another key than this one protects, whosoever they are."""
        heads = [_head_of(path) for path in self._folder.glob(f"*{SUFFIX}")]
        return sum(head is not None and head.get("by") != key_id for head in heads)

    def close(self) -> None:
        """Lets go of the files: what is in them is brought home by whoever comes next."""
        with self._lock:
            for file in self._files:
                file.close()
            self._files.clear()


class LeftBehind:
    """A file of a process that is gone."""

    def __init__(self, path: Path, file: BinaryIO):
        self.path = path
        self._file = file

    def turns(self) -> tuple[list[Spooled], int]:
        """What is in it, in the order in which it was appended, and how many records do not open.

        Raises RecordUnreadable if none can: the key that wraps the file's is not in SESSION_KEYS.
        """
        self._file.seek(0)
        if self._file.readline(len(MAGIC)) != MAGIC:
            raise RecordUnreadable
        try:
            head = json.loads(self._file.readline(4096))
            file_id, wrapped = UUID(head["file"]), WrappedKey(head["by"], base64.b64decode(head["key"]))
        except (ValueError, KeyError, TypeError) as error:
            raise RecordUnreadable from error
        cipher = AESGCM(key_ring().unwrap(wrapped, file_id))
        found = [_opened(cipher, file_id, place, sealed) for place, sealed in enumerate(self._records())]
        turns = [turn for turn in found if turn is not None]
        return turns, len(found) - len(turns)

    def _records(self) -> Iterator[bytes]:
        while len(head := self._file.read(LENGTH.size)) == LENGTH.size:
            (length,) = LENGTH.unpack(head)
            if length > MOST_RECORD_BYTES:
                yield b""  # nothing behind it can be found
                return
            record = self._file.read(length)
            if len(record) < length:
                return  # its process ended while it wrote this
            yield record

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def put_aside(self) -> Path:
        """Leaves the file for an operator to look at: it is not tried again."""
        aside = self.path.with_suffix(REFUSED)
        self.path.rename(aside)
        return aside


def _opened(cipher: AESGCM, file_id: UUID, place: int, sealed: bytes) -> Spooled | None:
    """The turn of a record, None if it does not open."""
    try:
        plain = cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _aad(file_id, place))
        session_id, text = json.loads(plain)
        turn = unpacked(TurnRecord, text, (*TURN_FIELDS, "usage"))
        return None if turn is None else (UUID(session_id), turn)
    except (InvalidTag, ValueError, TypeError):
        return None


def _head_of(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            head = json.loads(file.readline(4096)) if file.readline(len(MAGIC)) == MAGIC else None
    except (OSError, ValueError):
        return None
    return head if isinstance(head, dict) else None
