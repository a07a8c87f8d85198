"""A voice sample: one sentence in a character's voice, outside of any conversation, for its editor."""

import io
import wave

from django.utils.translation import gettext as _
from pipecat.frames.frames import TTSAudioRawFrame, TTSSpeakFrame

from characters.spec import CharacterSpec
from voicebot.providers.llm.reply_frames import ReplyIncompleteFrame
from voicebot.providers.one_shot import NoAnswer, ask_once
from voicebot.providers.registry import Factory
from voicebot.usage import DESK


async def wav(build: Factory, spec: CharacterSpec, text: str, source: str = DESK) -> bytes:
    """`text` spoken, as a WAV file, mono int16; it counts as used for `source`.

    Raises NoAnswer, ProviderError.
    """
    shown, failed = await ask_once(
        build(spec),
        [TTSSpeakFrame(text)],
        (TTSAudioRawFrame, ReplyIncompleteFrame),
        character=spec.slug,
        source=source,
    )
    sound = [each.frame for each in shown if isinstance(each.frame, TTSAudioRawFrame)]
    if not sound:
        raise NoAnswer(" ".join([_("The voice said nothing."), failed]).strip())
    if len(sound) < len(shown):
        raise NoAnswer(" ".join([_("The voice did not come to the end."), failed]).strip())
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound[-1].sample_rate)
        file.writeframes(b"".join(frame.audio for frame in sound))
    return out.getvalue()
