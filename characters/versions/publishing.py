"""Publishing: a draft becomes a version, is withdrawn, or is rolled back to an older one."""

from typing import Any

from django.db import transaction

from characters import catalog, content, prompts, provider_choice
from characters.exceptions import NotPublishable
from characters.models import Character, CharacterVersion
from characters.signals import character_changed


def announce(slug: str, version: int | None, *, draft: bool = False) -> None:
    """Once the change is committed: forgets what is cached, then tells those who talk with the character."""

    def tell() -> None:
        catalog.forget(slug)
        character_changed.send(Character, slug=slug, version=version, draft=draft)

    transaction.on_commit(tell)


def changed_draft(character: Character) -> None:
    """Call when the draft was saved, lorebook included."""
    content.note_draft(character)
    announce(character.slug, None, draft=True)


def check(character: Character) -> None:
    """Raises NotPublishable for a draft that is not fit for the stage."""
    if not character.greeting.strip():
        raise NotPublishable(f"{character.name} has no greeting: write the first words that a visitor hears.")
    spec = content.draft_spec(character, [])
    problems = provider_choice.ask().problems(spec)
    if problems:
        raise NotPublishable(f"{character.name} cannot play: {' '.join(problems.values())}")
    model = provider_choice.ask().model(spec)
    least = prompts.render(spec, {}, limit=model.limit).tokens
    if least > model.limit - prompts.REPLY_TOKENS:
        raise NotPublishable(
            f"The instructions of {character.name} alone have about {least} tokens; its language model reads "
            f"{model.limit} with the conversation and the reply. Shorten them, or cast a larger model."
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
        raise NotPublishable("Somebody has changed the draft meanwhile. Look at it again, then publish.")
    if checked:
        check(row)
    if row.published and row.published.digest == new:
        character.published = row.published
        return row.published
    newest = row.versions.order_by("-number").values_list("number", flat=True).first() or 0
    version = CharacterVersion.objects.create(
        character=row, number=newest + 1, content=now, digest=new, note=note.strip()[:200], author=author
    )
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
def roll_back(character: Character, version: CharacterVersion, *, author: Any = None) -> CharacterVersion:
    """Publishes an old version again, as a new one; the draft becomes it, too."""
    Character.objects.select_for_update(of=("self",)).get(pk=character.pk)
    content.put_back(character, version.content)
    return publish(character, note=f"Back to version {version.number}", author=author)
