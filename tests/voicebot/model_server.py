"""A stand-in for a language model behind the OpenAI chat API, that behaves as somebody's did."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.voicebot.http_server import serving

Behaviour = Callable[["Model", web.Request, dict[str, Any]], Any]


class TemplateError(Exception):
    """What a chat template raises, and a server answers with 400."""


def gemma(messages: list[dict]) -> None:
    """google/gemma-3: one system message in front, then user and assistant in turn."""
    rest = messages[1:] if messages[0]["role"] == "system" else messages
    for number, message in enumerate(rest):
        if message["role"] not in ("user", "assistant") or (message["role"] == "user") != (number % 2 == 0):
            raise TemplateError("Conversation roles must alternate user/assistant/user/assistant/...")


def gemma_2(messages: list[dict]) -> None:
    if messages[0]["role"] == "system":
        raise TemplateError("System role not supported")
    gemma(messages)


def mistral(messages: list[dict]) -> None:
    """mistralai's templates and API: as Gemma's, nothing empty, and the user has the last word."""
    gemma(messages)
    if messages[-1]["role"] != "user":
        raise TemplateError("Expected last role User or Tool")
    if any(not message["content"] for message in messages):
        raise TemplateError("Messages must have content")


def deepseek(messages: list[dict]) -> None:
    if unknown := {m["role"] for m in messages} - {"system", "user", "assistant", "tool"}:
        raise TemplateError(f"unknown variant {unknown}, expected one of system, user, assistant, tool")


def chunk(content: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    delta = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": {**delta, **more}, "finish_reason": finish}
    data = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def used(prompt: int, completion: int, *, cached: int = 0, reasoning: int = 0) -> dict[str, Any]:
    """What OpenAI's API tells of a request: cached tokens are among those of the prompt."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }


DONE = b"data: [DONE]\n\n"


class Model:
    """Answers with `reply`, unless `behaviour` does it; `template` checks the messages first."""

    def __init__(self) -> None:
        self.reply = "Ahoy there. The sea is wide today."
        self.behaviour: Behaviour | None = None
        self.template: Callable[[list[dict]], None] | None = None
        self.asked: list[dict[str, Any]] = []
        self.given_up = 0  # requests whose client went before they were answered
        self.url = ""
        self.usage: dict[str, Any] | None = None  # of each request, as of `used`; told where it is asked for
        self.calls_again = False  # also when a tool has answered
        self.models: Any = {"object": "list", "data": [{"id": "m", "object": "model", "owned_by": "library"}]}

    def say(self, *behaviour: Any, finish: str = "stop") -> None:
        """Answers with these: text as content, bytes as they are, a dict as a delta, a float as a pause."""

        async def speak(_model: "Model", request: web.Request, _asked: dict) -> web.StreamResponse:
            response = await self.opened(request)
            for part in behaviour:
                if isinstance(part, float):
                    await asyncio.sleep(part)
                elif part is None:  # the line goes dead
                    request.transport.abort()
                    return response
                else:
                    data = part if isinstance(part, bytes) else chunk(part) if isinstance(part, str) else None
                    await response.write(data if data is not None else chunk(**part))
            if finish:
                await response.write(chunk(finish=finish) + self.told(_asked) + DONE)
            return response

        self.behaviour = speak

    def call(self, *calls: tuple[str, Any], then: str = "So it is.", words: str = "") -> None:
        """Calls these functions, by name and arguments, for what the visitor says; then says `then`."""

        async def act(_model: "Model", request: web.Request, asked: dict) -> web.StreamResponse:
            response = await self.opened(request)
            answered = asked["messages"][-1]["role"] != "user" and not self.calls_again
            if answered or "tools" not in asked:
                await response.write(chunk(then) + chunk(finish="stop") + DONE)
                return response
            if words:
                await response.write(chunk(words))
            for place, (name, arguments) in enumerate(calls):
                given = arguments if isinstance(arguments, str) else json.dumps(arguments)
                head = {"name": name, "arguments": ""}
                called = {
                    "index": place,
                    "id": f"call{len(self.asked)}{place}",
                    "type": "function",
                    "function": head,
                }
                await response.write(chunk(tool_calls=[called]))
                for half in (given[: len(given) // 2], given[len(given) // 2 :]):
                    await response.write(
                        chunk(tool_calls=[{"index": place, "function": {"arguments": half}}])
                    )
            await response.write(chunk(finish="tool_calls") + DONE)
            return response

        self.behaviour = act

    def told(self, asked: dict[str, Any]) -> bytes:
        """The last chunk of a stream, if its usage was asked for."""
        if not self.usage or not (asked.get("stream_options") or {}).get("include_usage"):
            return b""
        data = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": []}
        return b"data: " + json.dumps({**data, "usage": self.usage}).encode() + b"\n\n"

    @staticmethod
    async def opened(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        return response

    async def listed(self, _request: web.Request) -> web.StreamResponse:
        if callable(self.models):
            response: web.StreamResponse = await self.models()
            return response
        return web.json_response(self.models)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        self.asked.append(asked)
        try:
            if self.template:
                self.template(asked["messages"])
                if "max_completion_tokens" in asked:
                    raise TemplateError("max_completion_tokens: extra inputs are not permitted")
        except TemplateError as error:
            return web.json_response({"error": {"message": str(error), "code": 400}}, status=400)
        try:
            if self.behaviour:
                return await self.behaviour(self, request, asked)
            if not asked.get("stream"):
                message = {"role": "assistant", "content": self.reply}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                whole = {
                    "id": "c",
                    "object": "chat.completion",
                    "created": 1,
                    "model": "m",
                    "choices": [choice],
                }
                return web.json_response({**whole, "usage": self.usage})
            response = await self.opened(request)
            for word in self.reply.split(" "):
                await response.write(chunk(word + " "))
            await response.write(chunk(finish="stop") + self.told(asked) + DONE)
        except (asyncio.CancelledError, ConnectionError):
            self.given_up += 1
            raise
        return response


@asynccontextmanager
async def model_server(port: int = 0) -> AsyncIterator[Model]:
    model = Model()
    app = web.Application()
    app.router.add_get("/v1/models", model.listed)
    app.router.add_post("/v1/chat/completions", model.answer)
    async with serving(app, port, handler_cancellation=True) as found:
        model.url = f"http://127.0.0.1:{found}/v1"
        yield model
