"""A reply that a vendor speaks without end takes no more memory than a long one."""

from voicebot.providers.speech_to_speech.reply import BYTES_PER_SEC, MOST_CHARACTERS, MOST_SECS, Reply

SECOND = b"\x01\x00" * (BYTES_PER_SEC // 2)


def test_sound_that_does_not_end_is_let_go_of_and_the_reply_goes_on_to_its_end():
    reply = Reply("a")
    for _ in range(MOST_SECS + 60):
        reply.take_sound("item", SECOND)
    assert reply.secs == MOST_SECS
    assert reply.parts[0].end_secs == MOST_SECS
    reply.take_words("Ahoy. ", "item")
    reply.end()
    assert not reply.whole, "its words are not those of its sound"
    assert reply.observed_pace is None
    assert reply.end_secs == MOST_SECS, "what there is is heard"


def test_words_that_do_not_end_are_let_go_of():
    reply = Reply("a")
    for _ in range(MOST_CHARACTERS):
        reply.take_words("sea ", "item")
    assert len(reply.transcript) == MOST_CHARACTERS


def test_a_long_reply_is_whole():
    reply = Reply("a")
    for _ in range(120):
        reply.take_sound("item", SECOND)
        reply.take_words("The sea. ", "item")
    reply.end()
    assert reply.whole
    assert reply.secs == 120
