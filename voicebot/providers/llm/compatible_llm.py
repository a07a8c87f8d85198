"""Any language model behind the OpenAI chat API: asked as it wants to be, waited for, and stopped in time."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import Any, cast

from openai import APIError, AsyncOpenAI, BadRequestError, Timeout
from pipecat.adapters.llm.services.open_ai_adapter import OpenAILLMInvocationParams
from pipecat.frames.frames import Frame
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.settings import LLMSettings
from pipecat.utils.types import assert_given

from voicebot.pipecat_internals.services import TextPusher
from voicebot.providers.llm import open_requests
from voicebot.providers.llm.dialect import Dialect, dialect_of, folded
from voicebot.providers.llm.patience import BrokenOff, NothingSaid, Patience, Stalled, in_time
from voicebot.providers.llm.reply_frames import EnoughFrame, ReplyIncompleteFrame
from voicebot.providers.llm.thoughts import Habit, ThoughtParser, habit_of, note_reasoning, reasons
from voicebot.usage import EstimatedTokens, note_inference, of_completion

MAX_REPLY_CHARACTERS = 2000  # of an answer, whatever the server thinks of its limit
WORTH_KEEPING_SECS = 3.0  # a server that has not answered by then may be loading the model
LIMITS = ("max_completion_tokens", "max_tokens")
REASONING_TOKENS = 1500  # of a model that reasons, besides its answer
READ_ON_SECS = 60.0
REASONING_FIELDS = ("reasoning_content", "reasoning")  # DeepSeek, vLLM, llama.cpp; Ollama, OpenRouter

_without_system: set[str] = set()  # models whose template takes no system message


class CompatibleLLM(TextPusher, OpenAILLMService):
    """OpenAILLMService for servers of all kinds.

    - It asks in the server's dialect: see `dialect`.
    - Reasoning is no part of the answer, in whichever way it comes.
    - It waits for the first word as long as `patience` says, since a model may have to be loaded.
    - A stream that stalls or breaks is an error, told downstream by ReplyIncompleteFrame.
    - It stops reading, and with that the server stops writing, when nobody will hear the rest.

    `dialect` is that of a server which is better known than by its address.
    """

    def __init__(
        self,
        *,
        patience: Patience,
        base_url: str | None = None,
        dialect: Dialect | None = None,
        **kwargs: Any,
    ):
        self.dialect = dialect or dialect_of(base_url)
        self.supports_developer_role = self.dialect.developer
        self._patience = patience
        super().__init__(base_url=base_url, **kwargs)
        self._enough = False

    def create_client(self, *args: Any, **kwargs: Any) -> AsyncOpenAI:
        client: AsyncOpenAI = super().create_client(*args, **kwargs)
        patience = self._patience
        self.api = client.with_options(
            max_retries=0,  # ours are bounded in time: see Patience
            timeout=Timeout(patience.retry_secs, read=max(patience.first_secs, patience.load_secs)),
        )
        create = self.api.chat.completions.create

        async def counted(**params: Any) -> Any:
            """Notes usage of what is asked out of band; of a reply its stream tells."""
            response: Any = await create(**params)
            if not params.get("stream") and (told := response.usage):
                note_inference(self, of_completion(told))
            return response

        self.api.chat.completions.create = counted  # type: ignore[method-assign]
        return self.api

    @property
    def model_key(self) -> str:
        """Which model this is, in this process."""
        return f"{self.api.base_url}{self.settings.model}"

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, EnoughFrame):
            self._enough = True
        await super().process_frame(frame, direction)

    def build_chat_completion_params(self, params_from_context: OpenAILLMInvocationParams) -> dict[str, Any]:
        params = super().build_chat_completion_params(params_from_context)
        messages = self.dialect.messages(params["messages"])
        params["messages"] = folded(messages) if self.model_key in _without_system else messages
        given = [params.pop(name, None) for name in LIMITS]
        limit = next((number for number in given if isinstance(number, int)), None)
        if limit is not None:
            params[self.dialect.limit] = self._with_room(limit)
        return params

    def _with_room(self, tokens: int) -> int:
        """The limit of an answer of so many tokens: servers count reasoning, too."""
        return tokens + (REASONING_TOKENS if reasons(self.model_key) else 0)

    async def run_inference(
        self,
        context: LLMContext,
        max_tokens: int | None = None,
        system_instruction: str | None = None,
        response_schema: dict[str, Any] | None = None,
    ) -> str | None:
        limit = None if max_tokens is None else self._with_room(max_tokens)
        return await super().run_inference(context, limit, system_instruction, response_schema)

    async def get_chat_completions(self, context: LLMContext) -> Any:
        self._enough = False
        params = self.build_chat_completion_params(
            await self.get_llm_adapter().get_llm_invocation_params(
                context,
                system_instruction=assert_given(cast(LLMSettings, self.settings).system_instruction),
                convert_developer_to_user=not self.supports_developer_role,
            )
        )
        return self._reply(params)

    async def _reply(self, params: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """The chunks of one reply, without reasoning. Raises ModelError and the SDK's own.

        What a server does not tell of a reply, or tells where nobody reads any more, is estimated.
        """
        reply = _Reply(ThoughtParser(self.model_key))
        began = asyncio.get_running_loop().time()
        stream: Any = None
        try:
            stream, first = await self._until_first_token(params)
            waited = asyncio.get_running_loop().time() - began
            chunks = in_time(
                _chained(first, stream),
                self._patience,
                tells=tells,
                answered=lambda: reply.length > 0,
                waited=waited,
            )
            async for chunk in chunks:
                yield reply.take(chunk)
                if self._enough or reply.length > MAX_REPLY_CHARACTERS:
                    return
            if rest := reply.finish():
                await self.push_text(rest)
        except Exception as error:
            reply.refused = isinstance(error, APIError) and stream is None
            await self.push_frame(ReplyIncompleteFrame())
            raise
        finally:
            if not reply.measured and not reply.refused:
                await self.start_llm_usage_metrics(_estimate(params, "".join(reply.read)))
            if stream is not None:
                self._let_go(stream, reply)

    async def _until_first_token(self, params: dict[str, Any]) -> tuple[Any, list[Any]]:
        """The stream of an answer and what it began with. Raises Stalled after `patience.first_secs`.

        When nobody waits any more, a request that may have a model loaded goes on without them.
        """
        loop = asyncio.get_running_loop()
        began, request = loop.time(), asyncio.create_task(self._open(params))
        try:
            async with asyncio.timeout(self._patience.first_secs):
                return await asyncio.shield(request)
        except (TimeoutError, asyncio.CancelledError) as error:
            if loop.time() - began < WORTH_KEEPING_SECS:
                request.cancel()
            else:
                open_requests.keep(self.model_key, request, self._patience.load_secs)
            if isinstance(error, TimeoutError):
                raise Stalled("the model has not said a word") from None
            raise

    async def _open(self, params: dict[str, Any]) -> tuple[Any, list[Any]]:
        stream = await self._ask(params)
        chunks = []
        try:
            async for chunk in stream:
                chunks.append(chunk)
                if tells(chunk):
                    break
        except BaseException:
            await stream.close()
            raise
        return stream, chunks

    async def _ask(self, params: dict[str, Any]) -> Any:
        """The request, made again as often as patience allows."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for attempt in itertools.count(1):
            try:
                return await self.api.chat.completions.create(**params)
            except BadRequestError as error:
                # "System role not supported", "Only user and assistant roles are supported!", and so on.
                shorter = folded(params["messages"])
                if shorter == params["messages"] or "role" not in str(error.body).lower():
                    raise
                _without_system.add(self.model_key)
                params = {**params, "messages": shorter}
                continue
            except APIError as error:
                secs = self._patience.before_retry(attempt, error, loop.time() - began)
                if secs is None:
                    raise
            await asyncio.sleep(secs)
        raise AssertionError("unreachable")

    def _let_go(self, stream: Any, reply: "_Reply") -> None:
        """Closes a stream in the background; the first of a model is read on, to learn how it reasons."""
        unread = self._enough and habit_of(self.model_key) is Habit.UNKNOWN
        task = asyncio.create_task(_close(stream, reply if unread else None))
        _closing.add(task)
        task.add_done_callback(_closing.discard)


_closing: set[asyncio.Task[None]] = set()  # strong references


async def _close(stream: Any, unread: "_Reply | None") -> None:
    with suppress(Exception):
        if unread:
            async with asyncio.timeout(READ_ON_SECS):
                async for chunk in stream:
                    unread.take(chunk)
            unread.finish()
    with suppress(Exception):
        await stream.close()


class _Reply:
    """One reply as it comes in: how much of it was an answer, and whether it is over."""

    def __init__(self, parser: ThoughtParser):
        self._parser = parser
        self.length = 0  # characters of the answer
        self.read: list[str] = []  # all that the server has written, reasoning as well
        self.measured = False  # the server has told what the reply takes
        self.refused = False  # it was never begun
        self._tools = False
        self._ending: str | None = None

    def take(self, chunk: Any) -> Any:
        """The chunk with the answer alone as its content."""
        self.measured |= bool(chunk.usage)
        for choice in (chunk.choices or ())[:1]:
            self._ending = choice.finish_reason or self._ending
            if (delta := choice.delta) is None:
                continue
            self._tools |= bool(delta.tool_calls)
            self.read += filter(None, (delta.content, reasoning := _reasoning(delta)))
            ready = self._parser.elsewhere() if reasoning else ""
            if delta.content or ready:
                delta.content = ready + self._parser.feed(delta.content or "")
                self.length += len(delta.content)
        return chunk

    def finish(self) -> str:
        """The rest of the answer, when the stream is over. Raises BrokenOff and NothingSaid."""
        if self._ending is None:
            raise BrokenOff("the stream ended before the reply")
        rest = self._parser.finish()
        if not self._tools and not (self.length or rest.strip()):
            if self._ending == "length":
                note_reasoning(self._parser.model)  # out of sight, but it has used up all the room
            raise NothingSaid("the model gave no words for an answer")
        return rest


def _reasoning(delta: Any) -> str:
    found = (getattr(delta, field, None) for field in REASONING_FIELDS)
    return next((text for text in found if text and isinstance(text, str)), "")


def _estimate(params: Mapping[str, Any], said: str) -> EstimatedTokens:
    return EstimatedTokens.of([*params["messages"], *(params.get("tools") or ())], said)


def tells(chunk: Any) -> bool:
    """Whether there is a token in a chunk: of an answer, of reasoning, or of a call; or it is the last."""
    return any(
        choice.finish_reason is not None
        or (choice.delta and (choice.delta.content or choice.delta.tool_calls or _reasoning(choice.delta)))
        for choice in chunk.choices or ()
    )


async def _chained(first: list[Any], rest: Any) -> AsyncGenerator[Any, None]:
    for chunk in first:
        yield chunk
    async for chunk in rest:
        yield chunk
