"""What browsers that Playwright does not drive have in common: their processes, and a page as tests use it."""

import abc
import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

PULSEAUDIO = shutil.which("pulseaudio")
START_SECS = 60


class DrivenPage(abc.ABC):
    """One tab."""

    @abc.abstractmethod
    async def goto(self, url: str) -> None: ...

    @abc.abstractmethod
    async def evaluate(self, expression: str) -> Any:
        """What an expression, or a promise, comes to: anything that JSON can hold."""

    @abc.abstractmethod
    async def click(self, selector: str) -> None:
        """As a hand does."""

    @abc.abstractmethod
    async def type(self, text: str) -> None:
        """Into what has the focus; U+E007 is Enter."""

    async def until(self, expression: str, secs: float = 60) -> None:
        """Waits until it is true, also while the page is on its way to another address."""
        try:
            async with asyncio.timeout(secs):
                while True:
                    with contextlib.suppress(AssertionError):
                        if await self.evaluate(f"Boolean({expression})"):
                            return
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"never: {expression}") from None


async def until(there: Callable[[], bool], process: asyncio.subprocess.Process, log: Path) -> None:
    """Waits for what a process makes when it is ready."""
    async with asyncio.timeout(START_SECS):
        while not there():
            assert process.returncode is None, f"it ended: see {log}"
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def running(log: Path, *command: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=out, stderr=out, env={**os.environ, **environment}
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


@contextlib.asynccontextmanager
async def loudspeaker(place: Path) -> AsyncIterator[dict[str, str]]:
    """A PulseAudio of its own that plays into nothing; what its clients need in their environment.

    Without a loudspeaker Firefox never starts an AudioContext, where Chromium pretends one.
    """
    assert PULSEAUDIO
    socket, log = place / "speaker", place / "pulse.log"
    modules = ["module-null-sink", f"module-native-protocol-unix socket={socket} auth-anonymous=1"]
    options = ["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm"]
    own = {"HOME": str(place), "XDG_RUNTIME_DIR": str(place)}
    load = [part for module in modules for part in ("-L", module)]
    async with running(log, PULSEAUDIO, *options, *load, **own) as process:
        await until(socket.is_socket, process, log)
        yield {"HOME": str(place), "PULSE_SERVER": f"unix:{socket}"}
