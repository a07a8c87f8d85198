"""Clips with pauses in mid-sentence, and with ends: several voices, paces and rooms, English and Mandarin.

Speech is made once on a machine and kept. Whoever hesitates is spoken as two parts, the first with a comma
behind it or none. Recordings of a person: `human_clips`.
"""

# ruff: noqa: RUF001
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from django.conf import settings

from benchmarks import spoken
from tests import noises
from voicebot.providers.local import voices

RATE_HZ = spoken.RATE_HZ
ENGLISH_VOICES = ("heart", "joe", "af_bella", "joe", "bm_george", "heart")
CHINESE_VOICES = ("zf_xiaoxiao", "zm_yunxi", "zf_xiaobei", "zm_yunyang")
SPEEDS = (1.0, 0.9, 1.15)
PAUSES_SECS = (0.5, 0.8, 1.1, 1.5)
NOISE_DB = 15.0  # the speech above it, in every third clip
QUIET_SECS = 3.6  # at the end: longer than the longest that a turn is kept open
TAKES = {"en": 3, "zh": 2}  # of each sentence with a pause, in other voices
HIGHER = {0: 0.0, 1: 0.0, 2: 2.0}  # semitones, of a take
ENGLISH = """I would like to | hear a story about the sea.
Can you tell me about | the storm last winter?
I was thinking of | going to the island tomorrow.
My sister and | her husband live in Boston.
I wanted to ask you if | you have ever been to Spain.
The best part of the | whole trip was the food.
Yesterday we went to the market because | we had nothing to eat.
I don't know, um, | maybe something with fish.
Well, I think that | we should start again.
What happened when | the captain came back?
I used to play the | violin when I was young.
Do you know how to | repair a wooden boat?
There is a man with | a red hat at the door.
We could go by train or | by bus.
It was so cold that | the river froze.
I am looking for | a present for my mother.
She said she would | call me on Friday.
If it rains tomorrow | we will stay at home.
My favourite colour is | probably dark green.
I have been | working too much lately.
Let me see, uh, | I need two tickets.
I'm going to | the theatre on Sunday with my | brother.
Could you please | repeat the last sentence?
The reason I called is | that I lost my keys.
He told me that his | father was a sailor.
I'd rather | walk than take the car.
Who was the man who | built this lighthouse?
I like tea, but | coffee keeps me awake.
When I was a child | we lived near the harbor.
I need to know where | the old map is hidden.
After dinner | we usually watch a film.
I met her in | Paris ten years ago.
Have you got any | stories about pirates?
It's not that I | don't like music.
You should talk to my | neighbour about that.
My name is | Robin and I come from Oxford.
I wonder whether | there is life on Mars.
We bought bread, cheese and | a bottle of wine.
They want to move to a | bigger house.
How long does it take to | sail to Norway?
I really | want to see the garden.
Tell me something about | yourself.
Between you and | me, I did not like it.
I'm not sure, but | I believe it was in May.
The last time I saw him was | at the station.
One of my | friends plays the piano.
I was born in | a small village near Rome.
Please do not | tell anybody.
On the other hand | it could be much worse.
It depends on | the weather, I guess.""".splitlines()
CHINESE = """我想 | 听一个关于大海的故事。
因为昨天下雨，所以 | 我们没有出门。
我觉得这个 | 地方很漂亮。
如果明天天气好， | 我们就去爬山。
我和 | 我的朋友去过北京。
你能不能告诉我 | 火车站在哪里？
我最喜欢的 | 季节是秋天。
我妈妈做的 | 饺子特别好吃。
虽然很累，但是 | 我很高兴。
我在 | 上海工作了三年。
那个，嗯， | 我想要两张票。
他说他的 | 父亲是一个水手。
我正在 | 学习中文。
你有没有 | 去过西班牙？
我想问一下， | 这里几点关门？
我们可以坐火车或者 | 坐公共汽车去。
我不知道为什么 | 他没有来。
请给我 | 一杯绿茶。
昨天晚上我跟 | 我弟弟一起看电影。
我小的时候 | 住在河边。
他把 | 钥匙忘在家里了。
我打算 | 明年去旅行。
这本书是 | 我老师送给我的。
我要给 | 我妈妈买一个礼物。
你应该 | 多休息。
我听说你们这里有 | 一个很老的灯塔。
我的名字叫 | 小明。
每天早上我都会 | 去公园跑步。
对我来说， | 这个问题很难。
我已经 | 吃过晚饭了。
除了音乐以外， | 我还喜欢画画。
你知道怎么 | 修自行车吗？
她比 | 我大两岁。
我从 | 学校走到这里。
我希望 | 你能再讲一遍。
我昨天买了一个 | 新的杯子。""".splitlines()
# Ends, of which some look like none.
WHOLE_ENGLISH = """What are you waiting for?
Where do you come from?
Who were you talking to?
I think so.
Yes, I do.
No.
What is that?
I know who you are.
That is all I wanted to know.
I like it very much.
Tell me more about it.
Go on.
It was me.
What did he do that for?
I don't know.
Nothing in particular.
You are right about that.
How old are you?
I would like to.
Good evening.
Is this the one you asked for?
Thank you for the story.
That one is mine.
Please come in.""".splitlines()
WHOLE_CHINESE = """这是我的。
你是谁？
好的。
我不知道。
没有了。
你从哪里来？
我觉得很好。
这个是红色的。
我吃完了。
你说得对。
请再说一遍。
我叫小明。
你在哪里？
今天天气怎么样？
不用了，谢谢。
真的吗？""".splitlines()


@dataclass(frozen=True)
class Clip:
    """What a microphone hears; `parts` are where speech begins and ends, in samples, the last one the end."""

    name: str
    language: str
    number: int  # of the sentence, the same for all of its takes
    pcm: np.ndarray
    parts: tuple[tuple[int, int], ...]
    said: tuple[str, ...]


def _spoken(text: str, voice: str, language: str, speed: float, pitch: float) -> np.ndarray:
    """Speech without the silence around it, kept on disk."""
    made_from = (text, voice, language, speed, pitch) if pitch else (text, voice, language, speed)
    key = hashlib.sha256(repr(made_from).encode()).hexdigest()[:16]
    path = Path(settings.DATA_DIR) / "pauses" / f"{key}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        speech = voices.synthesize(text, voices.Wish(voice, language, pitch, speed))
        samples = np.frombuffer(speech.pcm, np.int16).astype(np.float64)
        heard = soxr.resample(samples, voices.RATE_HZ, RATE_HZ)
        loud = np.flatnonzero(abs(heard) > 0.02 * abs(heard).max())
        np.save(path, np.clip(heard[loud[0] : loud[-1] + 1], -32768, 32767).astype(np.int16))
    return np.load(path)


def _clip(name: str, language: str, number: int, said: list[str], take: int) -> Clip:
    cast = ENGLISH_VOICES if language == "en" else CHINESE_VOICES
    if take == 2:
        cast = ENGLISH_VOICES[:2]
    voice, speed = cast[(number + 3 * take) % len(cast)], SPEEDS[(number + take) % len(SPEEDS)]
    rng = np.random.default_rng(1000 * take + number)
    sound, parts, at = [np.zeros(RATE_HZ // 2)], [], RATE_HZ // 2
    for place, text in enumerate(said):
        last = place == len(said) - 1
        comma = (
            "" if last or text[-1] in ",，" or (number + take) % 2 else ("," if language == "en" else "，")
        )
        speech = _spoken(text + comma, voice, language, speed, HIGHER[take])
        pause = QUIET_SECS if last else rng.choice(PAUSES_SECS)
        sound += [speech, np.zeros(int(pause * RATE_HZ))]
        parts.append((at, at + len(speech)))
        at += len(speech) + int(pause * RATE_HZ)
    heard = np.concatenate(sound) + rng.normal(0, 4, at)
    if number % 3 == 2:
        heard += _room(rng, heard, take)
    pcm = np.clip(heard, -32768, 32767).astype(np.int16)
    return Clip(f"{name}-{number}-{take} {voice} {speed}", language, number, pcm, tuple(parts), tuple(said))


def _room(rng: np.random.Generator, heard: np.ndarray, take: int) -> np.ndarray:
    """A steady noise of tests/noises.py, so far below the speech."""
    kinds = [
        pcm for name, pcm in noises.clips() if name.startswith(("brown", "hum")) and "3.0 s, 600" in name
    ]
    noise = np.resize(kinds[take % len(kinds)][: 3 * RATE_HZ], len(heard)).astype(np.float64)
    level = np.sqrt(np.mean(heard**2)) * 10 ** (-NOISE_DB / 20)
    return np.roll(noise, int(rng.integers(len(noise)))) / np.sqrt(np.mean(noise**2)) * level


def hesitant(sentence: str, language: str, number: int, take: int) -> Clip:
    """A sentence with pauses where it has bars. Number and take choose voice, pace and room."""
    return _clip("pause", language, number, [part.strip() for part in sentence.split("|")], take)


def clips() -> Iterator[Clip]:
    """All of them, sentence by sentence."""
    written = {"en": (ENGLISH, WHOLE_ENGLISH), "zh": (CHINESE, WHOLE_CHINESE)}
    for number in range(max(len(ENGLISH), len(CHINESE))):
        for language, (paused, whole) in written.items():
            for sentence in paused[number : number + 1]:
                for take in range(TAKES[language]):
                    yield hesitant(sentence, language, number, take)
            for sentence in whole[number : number + 1]:
                yield _clip("whole", language, number, [sentence], 0)
