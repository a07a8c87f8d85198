"""Tries what calls by WebRTC need, step by step, and says what is closed."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from voicebot.runtime import default
from voicebot.transport import check_line

MARKS = {True: "open  ", False: "CLOSED", None: "-     "}


class Command(BaseCommand):
    help = "Tries STUN and TURN servers, ports and addresses of calls, and says what is closed."

    def handle(self, *args: Any, **options: Any) -> None:
        if closed := asyncio.run(self._run()):
            raise CommandError(f"{closed} of these are closed. docs/webrtc.md says what each is for.")

    async def _run(self) -> int:
        calls, closed = default().calls, 0
        async for step in check_line(calls.network, calls.ice_servers, offered=calls.offered):
            self.stdout.write(f"{MARKS[step.passed]}  {step.name}: {step.words}")
            if step.advice and not step.passed:
                self.stdout.write(f"        {step.advice}")
            closed += step.passed is False
        return closed
