"""The keeper of memories: consent, learning, correcting, forgetting. Always in PostgreSQL."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from characters import catalog
from characters.exceptions import CharacterNotFound
from characters.models import Character
from sessions_app import outbox
from sessions_app.database import database_clock
from sessions_app.exceptions import CharacterUnknown, MemoryNotFound, RecordUnreadable
from sessions_app.memories import statements
from sessions_app.memories.merging import merge
from sessions_app.memories.recollection import Bounds, Finding, Known, Learnt, Recollection
from sessions_app.memories.sealing import (
    new_row,
    opened_memory,
    sealed_finding,
    sealed_vector,
    sealer_of_owner,
)
from sessions_app.models import MemoryKey, SealedMemory, VisitorMemory
from sessions_app.signals import memories_changed
from sessions_app.stores import Removed

ACTIVE_STEP = timedelta(days=1)  # how exactly it is known when a visitor was last here
Consent = VisitorMemory.Consent


def address_of(character: str) -> str:
    """The address that a character has now. Raises CharacterUnknown."""
    try:
        return catalog.get(character).slug
    except CharacterNotFound as error:
        if Character.objects.filter(slug=character).exists():
            return character
        raise CharacterUnknown from error


def session_of(finding: Finding) -> UUID | None:
    """The session that something was learnt in, if that is known."""
    try:
        return UUID(finding.session) if finding.session else None
    except ValueError:
        return None


class SyncMemories:
    """What characters remember of visitors, for synchronous code. `clock` gives aware datetimes."""

    def __init__(self, clock: Callable[[], datetime] = database_clock):
        self._clock = clock

    # --- reading ---

    def known(self, visitor: str, character: str) -> Known:
        """What a character knows of a visitor; two statements, one for somebody it knows nothing of."""
        owner = self._owners(visitor, character).first()
        return self._known(owner) if owner else Known(visitor, character)

    def all_known(self, visitor: str, character: str = "") -> list[Known]:
        """What every character knows of a visitor, or only one of them; those that were never asked, too."""
        return [self._known(owner) for owner in self._owners(visitor, character).order_by("character_id")]

    @staticmethod
    def _owners(visitor: str, character: str = "") -> Any:
        found = VisitorMemory.objects.select_related("data_key").filter(visitor=visitor)
        return found.filter(character_id=character) if character else found

    def _known(self, owner: VisitorMemory) -> Known:
        memories = self._recollections(owner) if owner.consent == Consent.YES else []
        consent, at, revision = owner.consent, owner.consent_at, owner.told_revision
        return Known(owner.visitor, owner.character_id, consent, at, memories, asked=True, revision=revision)

    def _recollections(self, owner: VisitorMemory) -> list[Recollection]:
        """The newest first. One that does not open is left out: nobody can read it any more."""
        try:
            sealer = sealer_of_owner(owner)
        except RecordUnreadable:
            return []
        found = []
        for row in SealedMemory.objects.filter(owner=owner, expires_at__gt=self._clock()):
            try:
                found.append(opened_memory(sealer, row))
            except RecordUnreadable:
                continue
        return found

    # --- consent ---

    def set_consent(self, visitor: str, character: str, agreed: bool) -> Known:
        """The visitor's answer. After a no nothing is left of what was known, its key included.

        Raises CharacterUnknown.
        """
        slug, now = address_of(character), self._clock()
        with transaction.atomic():
            self._lock(visitor, slug)
            owner = self._owners(visitor, slug).first()
            if owner and (not agreed or not hasattr(owner, "data_key")):
                self._forget_owners("id = %s", owner.pk)
                owner = None
            answer = Consent.YES if agreed else Consent.NO
            if owner is None:
                owner = VisitorMemory(visitor=visitor, character_id=slug)
            owner.consent, owner.consent_at, owner.active_at = answer, now, now
            owner.revision += 1
            owner.save()
            if agreed and not hasattr(owner, "data_key"):
                key = MemoryKey(owner=owner)
                key.new_sealer()
                key.save(force_insert=True)
        self._tell(visitor, slug)
        return self.known(visitor, slug)

    def note_asked(self, visitor: str, character: str) -> None:
        """The visitor was asked aloud: that happens once. Raises CharacterUnknown."""
        slug, now = address_of(character), self._clock()
        with transaction.atomic():
            self._lock(visitor, slug)
            if not self._owners(visitor, slug).exists():
                VisitorMemory.objects.create(visitor=visitor, character_id=slug, active_at=now)

    # --- learning ---

    def add(self, visitor: str, character: str, findings: Sequence[Finding], bounds: Bounds) -> Learnt:
        """Keeps what was learnt if the visitor has agreed: doubles merge, later ones correct earlier ones.

        Raises RecordUnreadable.
        """
        with transaction.atomic():
            owner = self._held(visitor, character)
            if owner is None:
                return Learnt()
            now, sealer = self._clock(), sealer_of_owner(owner)
            merged = merge(self._recollections(owner), findings, bounds, now)
            gone = self._forget("owner_id = %s AND id = ANY(%s)", owner.pk, merged.gone) if merged.gone else 0
            rows = [new_row(sealer, owner, memory, now, bounds.days) for memory in merged.new.values()]
            SealedMemory.objects.bulk_create(rows)
            again = [new_row(sealer, owner, memory, now, bounds.days) for memory in merged.again.values()]
            SealedMemory.objects.bulk_update(again, ["sealed", "used_at", "uses", "expires_at"])
            if rows and not gone:
                self._count(owner.pk)
            if rows:
                learnt = [(m.id, session_of(m.finding)) for m in merged.new.values()]
                outbox.note_memories(learnt, character, visitor, now)
            self._note_visit(owner, now)
        if rows or gone:
            self._tell(visitor, character)
        return Learnt(list(merged.new.values()), merged.gone)

    def keep_vectors(self, visitor: str, character: str, vectors: Mapping[UUID, bytes]) -> None:
        """Keeps vectors that were made of recollections; of one that has gone or changed meanwhile none."""
        with transaction.atomic():
            owner = self._held(visitor, character)
            if owner is None:
                return
            sealer = sealer_of_owner(owner)
            rows = list(SealedMemory.objects.filter(owner=owner, pk__in=vectors, sealed_vector=None))
            for row in rows:
                row.sealed_vector = sealed_vector(sealer, row.pk, vectors[row.pk])
            SealedMemory.objects.bulk_update(rows, ["sealed_vector"])

    def note_used(self, visitor: str, character: str, times: Mapping[UUID, int]) -> None:
        """Counts how often recollections were told to the model, and that the visitor was here."""
        with transaction.atomic():
            owner = self._held(visitor, character)
            if owner is None:
                return
            now = self._clock()
            rows = list(SealedMemory.objects.filter(owner=owner, pk__in=times))
            for row in rows:
                row.uses, row.used_at = row.uses + times[row.pk], now
            SealedMemory.objects.bulk_update(rows, ["uses", "used_at"])
            self._note_visit(owner, now)

    @staticmethod
    def _note_visit(owner: VisitorMemory, now: datetime) -> None:
        if now - owner.active_at > ACTIVE_STEP:
            VisitorMemory.objects.filter(pk=owner.pk).update(active_at=now)

    # --- correcting and forgetting ---

    def correct(self, visitor: str, memory_id: UUID, text: str) -> Recollection:
        """Puts other words in a recollection's place, as its visitor wishes. Raises MemoryNotFound."""
        with transaction.atomic():
            row = self._own_row(visitor, memory_id, locked=True)
            sealer = sealer_of_owner(row.owner)
            memory = opened_memory(sealer, row)
            finding = Finding(text, memory.finding.kind, confidence=1.0, session=memory.finding.session)
            finding = Finding(**finding.as_payload())
            row.sealed, row.sealed_vector = sealed_finding(sealer, row.pk, finding), None
            row.save(update_fields=["sealed", "sealed_vector"])
            self._count(row.owner_id)
        self._tell(visitor, row.owner.character_id)
        return replace(memory, finding=finding, vector=b"")

    def forget(self, visitor: str, memory_id: UUID) -> Removed:
        """Forgets one for good. Raises MemoryNotFound."""
        row = self._own_row(visitor, memory_id)
        gone = self._forget("id = %s", memory_id)
        self._tell(visitor, row.owner.character_id)
        return Removed(memories=gone)

    def forget_some(self, visitor: str, character: str, ids: Collection[UUID]) -> Removed:
        """Forgets those of these that a character has of a visitor."""
        owner = self._owners(visitor, character).first()
        if owner is None or not ids:
            return Removed()
        gone = self._forget("owner_id = %s AND id = ANY(%s)", owner.pk, list(ids))
        self._tell(visitor, character)
        return Removed(memories=gone)

    def forget_session(self, visitor: str, character: str, session_id: UUID) -> Removed:
        """Forgets what was learnt in one session."""
        of_it = [
            m.id for m in self.known(visitor, character).recollections if m.finding.session == str(session_id)
        ]
        return self.forget_some(visitor, character, of_it)

    def forget_all(self, visitor: str, character: str = "") -> Removed:
        """Forgets all that every character knows of a visitor, or one of them, and that it was ever asked."""
        told = list(self._owners(visitor, character).values_list("character_id", flat=True))
        if not told:
            return Removed()
        if character:
            removed = self._forget_owners('visitor = %s AND "character" = %s', visitor, character)
        else:
            removed = self._forget_owners("visitor = %s", visitor)
        for slug in told:
            self._tell(visitor, slug)
        return removed

    # --- parts ---

    @staticmethod
    def _lock(visitor: str, character: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statements.LOCK, [f"{visitor} {character}"])

    @staticmethod
    def _held(visitor: str, character: str) -> VisitorMemory | None:
        """The owner, held until the transaction ends; None for a visitor who has not agreed."""
        owners = VisitorMemory.objects.select_for_update(of=("self",)).select_related("data_key")
        return owners.filter(visitor=visitor, character_id=character, consent=Consent.YES).first()

    @staticmethod
    def _own_row(visitor: str, memory_id: UUID, *, locked: bool = False) -> SealedMemory:
        rows = SealedMemory.objects.select_related("owner__data_key").filter(
            pk=memory_id, owner__visitor=visitor
        )
        row = (rows.select_for_update(of=("self",)) if locked else rows).first()
        if row is None:
            raise MemoryNotFound
        return row

    @staticmethod
    def _count(owner_id: UUID) -> None:
        """What is remembered has changed: it is another revision. (What `_forget` does counts itself.)"""
        VisitorMemory.objects.filter(pk=owner_id).update(revision=F("revision") + 1)

    @staticmethod
    def _forget(which: str, *params: Any) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statements.FORGET.format(which=which), [*params, *params])
            return int(cursor.fetchone()[0])

    @staticmethod
    def _forget_owners(which: str, *params: Any) -> Removed:
        with connection.cursor() as cursor:
            cursor.execute(statements.FORGET_OWNERS.format(which=which), params)
            memories, keys = cursor.fetchone()
        return Removed(memories=memories, memory_keys=keys)

    def _tell(self, visitor: str, character: str) -> None:
        memories_changed.send(type(self), visitor=visitor, character=character)
