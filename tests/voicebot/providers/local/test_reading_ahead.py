"""Before the visitor speaks, the model of this machine has read all that stands before their words."""

import asyncio

import pytest

from characters.spec import CharacterSpec

pytestmark = [pytest.mark.local, pytest.mark.asyncio]

SYSTEM = {"role": "system", "content": "You are a gruff old sailor. Answer in one short sentence."}
HEARD = "Aye, that I have, and a long time it was, from Bergen to the Cape and back, with a cargo of tar."
QUESTION = {"role": "user", "content": "And then?"}


async def read_anew(mind, messages) -> int:
    """How many tokens of a prompt the model had not read yet."""
    from voicebot.providers.local import smollm

    answer = await mind.api.chat.completions.create(
        model=smollm.MODEL, messages=messages, max_tokens=1, extra_body=mind._extra_body()
    )
    return answer.model_extra["timings"]["prompt_n"]


async def test_what_was_heard_of_a_reply_need_not_be_read_when_the_next_question_comes():
    from voicebot.providers.local import helped, smollm

    await asyncio.to_thread(smollm.server)
    said = [SYSTEM, {"role": "user", "content": "Have you been at sea?"}]
    heard = [*said, {"role": "assistant", "content": HEARD}]
    found = []
    for ahead in (False, True):
        mind = helped.service(CharacterSpec("sailor", "A Sailor"))
        try:
            await mind.prefill([SYSTEM], said)
            if ahead:
                await mind.read_ahead(heard)
            found.append(await read_anew(mind, [*heard, QUESTION]))
        finally:
            await mind.cleanup()
    without, with_it = found
    words = await asyncio.to_thread(smollm.count, [QUESTION]) - await asyncio.to_thread(smollm.count, [])
    assert without > 25
    assert with_it <= words, "the visitor's words alone, and where an answer begins"
