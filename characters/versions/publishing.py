"""Publishing: a draft becomes a version, is withdrawn, or is rolled back to an older one."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from characters import addresses, catalog, content, prompts, provider_choice
from characters.exceptions import NotPublishable
from characters.models import Character, CharacterVersion
from characters.signals import character_changed
from characters.text import cleaned

DIGEST = "digest"  # the field of a refusal because the draft is another one by now
CHANGED = gettext_lazy("Somebody has changed the draft meanwhile. Look at it again, then go on.")


def announce(slug: str, version: int | None, *, draft: bool = False) -> None:
    """Once the change is committed: forgets what is cached, then tells those who talk with the character."""

    def tell() -> None:
        catalog.forget(slug)
        for address in addresses.all_of(slug):  # conversations may know it by one that it had
            character_changed.send(Character, slug=address, version=version, draft=draft)

    transaction.on_commit(tell)


def changed_draft(character: Character) -> None:
    """Call when the draft was saved, lorebook included."""
    content.note_draft(character)
    announce(character.slug, None, draft=True)


def check(character: Character) -> None:
    """Raises NotPublishable for a draft that is not fit for the stage."""
    if character.binned_at:
        raise NotPublishable(_("%(name)s is in the bin: bring it back first.") % {"name": character.name})
    if not character.greeting.strip():
        raise NotPublishable(
            _("%(name)s has no greeting: write the first words that a visitor hears.")
            % {"name": character.name},
            "greeting",
        )
    spec = content.draft_spec(character, [])
    problems = provider_choice.ask().problems(spec)
    if problems:
        said = _("%(name)s cannot play: %(problems)s")
        raise NotPublishable(
            said % {"name": character.name, "problems": " ".join(problems.values())}, next(iter(problems))
        )
    model = provider_choice.ask().model(spec)
    least = prompts.render(spec, {}, limit=model.limit).tokens
    if least > model.limit - prompts.REPLY_TOKENS:
        raise NotPublishable(
            _(
                "The instructions of %(name)s alone have about %(least)d tokens; its language model reads "
                "%(limit)d with the conversation and the reply. Shorten them, or cast a larger model."
            )
            % {"name": character.name, "least": least, "limit": model.limit},
            "description",
        )


@transaction.atomic
def publish(
    character: Character,
    *,
    note: str = "",
    author: Any = None,
    digest: str | None = None,
    checked: bool = True,
) -> CharacterVersion:
    """Makes the draft a version, the published one.

    `digest` is that of the draft which the editor saw: NotPublishable if it has changed since, or if it
    could not play (unless it is not to be `checked`). Publishing what is published already adds nothing and
    returns it.
    """
    row = Character.objects.select_for_update(of=("self",)).select_related("published").get(pk=character.pk)
    now = content.of(row)
    new = content.digest_of(now)
    if digest is not None and digest != new:
        raise NotPublishable(str(CHANGED), DIGEST)
    if checked:
        check(row)
    if row.published and row.published.digest == new:
        character.published = row.published
        return row.published
    version = _version_of(row, now, note=note, author=author)
    row.published, row.digest = version, new
    row.save(update_fields=["published", "digest"])
    character.published, character.digest = version, new
    announce(row.slug, version.number)
    return version


@transaction.atomic
def withdraw(character: Character) -> bool:
    """Takes a character off the stage; False if it was not on it. Its versions stay."""
    taken = Character.objects.filter(pk=character.pk, published__isnull=False).update(published=None)
    character.published = None
    if taken:
        announce(character.slug, None)
    return bool(taken)


@transaction.atomic
def roll_back(
    character: Character, version: CharacterVersion, *, author: Any = None, digest: str | None = None
) -> CharacterVersion:
    """Publishes an old version again, as a new one; the draft becomes it, too.

    A draft that no version has is kept as one first. `digest` is that of the draft which the editor saw:
    NotPublishable if it has changed since.
    """
    _put_back(character, version, author, digest)
    note = _("Back to version %(number)d") % {"number": version.number}
    return publish(character, note=note, author=author)


@transaction.atomic
def take_up(
    character: Character, version: CharacterVersion, *, author: Any = None, digest: str | None = None
) -> None:
    """Makes a version the draft again; what is on stage stays. Keeps and raises as `roll_back` does."""
    _put_back(character, version, author, digest)
    announce(character.slug, None, draft=True)


def would_lose(character: Character, digest: str) -> bool:
    """Whether the draft, of this digest, says what no version has."""
    return not character.versions.filter(digest=digest).exists()


def _put_back(character: Character, version: CharacterVersion, author: Any, digest: str | None) -> None:
    row = Character.objects.select_for_update(of=("self",)).get(pk=character.pk)
    now = content.of(row)
    present = content.digest_of(now)
    if digest not in (None, present):
        raise NotPublishable(str(CHANGED), DIGEST)
    if would_lose(row, present):
        note = _("The draft, before it went back to version %(number)d") % {"number": version.number}
        _version_of(row, now, note=note, author=author, kept_draft=True)
    character.refresh_from_db()  # what was read before the lock may be older than what is on stage
    content.put_back(character, version.content)


def _version_of(
    row: Character, now: content.Content, *, note: str, author: Any, kept_draft: bool = False
) -> CharacterVersion:
    newest = row.versions.order_by("-number").values_list("number", flat=True).first() or 0
    return CharacterVersion.objects.create(
        character=row,
        number=newest + 1,
        content=now,
        digest=content.digest_of(now),
        note=cleaned(note).strip()[:200],
        author=author,
        kept_draft=kept_draft,
    )
