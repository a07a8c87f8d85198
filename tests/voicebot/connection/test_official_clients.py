"""Pipecat's own clients talk with us as they are."""

import asyncio
import subprocess

import numpy as np
import pytest
from pipecat.frames.frames import (
    InputAudioRawFrame,
    InputTransportMessageFrame,
    OutputAudioRawFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from tests.servers import ROOT
from tests.visitors import AUDIBLE, CHUNK, RATE_HZ, speech
from tests.voicebot.connection.python_client import connected


class Ear(FrameProcessor):
    """Notes what the client's pipeline hears."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []
        self.audible = 0

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if isinstance(frame, InputTransportMessageFrame):
            self.messages.append(frame.message["type"])
        elif isinstance(frame, InputAudioRawFrame):
            self.audible += int((np.abs(np.frombuffer(frame.audio, np.int16)) > AUDIBLE).sum())
            return  # what comes in is not sent back
        await self.push_frame(frame, direction)


async def test_pipecats_python_client_talks(server):
    url, _ = await asyncio.to_thread(server.start_session)
    ear = Ear()
    rates = {"audio_out_sample_rate": RATE_HZ, "audio_in_sample_rate": 24_000}
    async with connected(url, ear, audio_out_enabled=True, add_wav_header=False, **rates) as worker:
        async with asyncio.timeout(30):
            while "bot-ready" not in ear.messages or not ear.audible:
                await asyncio.sleep(0.05)
            words = np.concatenate([speech(), np.zeros(4 * RATE_HZ, np.int16)])
            for start in range(0, len(words), CHUNK * 4):
                chunk = words[start : start + CHUNK * 4].tobytes()
                await worker.queue_frame(OutputAudioRawFrame(chunk, RATE_HZ, 1), FrameDirection.DOWNSTREAM)
            before = ear.audible
            while "user-transcription" not in ear.messages or ear.audible <= before:
                await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def client_sh():
    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "scripts" / "client.sh", *args], capture_output=True, text=True, timeout=300, check=False
        )

    return run


def test_the_committed_bundle_is_what_its_source_builds(client_sh, tmp_path):
    built = client_sh("build", str(tmp_path))
    assert built.returncode == 0, built.stderr
    committed = ROOT / "voicebot" / "static" / "voicebot"
    for path in [
        "stage.js",
        "rtvi-client.js",
        "player-worklet.js",
        "recorder-worklet.js",
        "embed.js",
        "install.js",
        "service-worker.js",
    ]:
        same = (tmp_path / path).read_bytes() == (committed / path).read_bytes()
        assert same, f"{path} is stale: run `make client` and commit"


def test_the_bundle_loads_nothing_from_elsewhere():
    folder = ROOT / "voicebot" / "static" / "voicebot"
    bundles = [(folder / name).read_text() for name in ("stage.js", "rtvi-client.js")]
    for bundle in bundles:
        assert "c.daily.co" not in bundle
        assert "call-machine" not in bundle
    assert sum(map(len, bundles)) < 256_000  # of which calls and the change of lines are 13_000


@pytest.fixture(scope="module")
def official_bundle(client_sh, tmp_path_factory) -> str:
    """The official client alone, as another project would bundle it: nothing of ours in it."""
    out = tmp_path_factory.mktemp("official") / "official.js"
    built = client_sh("node", "../../tests/browser/bundle_official.js", str(out))
    assert built.returncode == 0, built.stderr
    return str(out)


@pytest.mark.parametrize("transport", ["websocket", "webrtc"])
async def test_pipecats_javascript_client_talks(server, official_bundle, browser_with_microphone, transport):
    async with browser_with_microphone(calls=True) as page:
        await page.goto(server.url + "/")
        await page.add_script_tag(path=official_bundle, type="module")
        await page.wait_for_function("window.official")
        heard = await page.evaluate(
            """(transport) => official.talk({endpoint: "/api/start",
                 requestData: {transport, body: {character: "ada-quill"}}})""",
            transport,
        )
        assert heard["ready"].startswith("2.")
        assert heard["session"]["character"]["slug"] == "ada-quill"
        assert heard["transcript"] == "hello there"
        assert "scripted reply" in heard["answer"]
        if transport == "webrtc":  # what is sent over a socket is played by Pipecat's own player
            assert heard["tracks"] == 1
            assert heard["peak"] > 0.02, "the voice was not heard in the page"
