"""Models as servers really run them: they reason, load for long, stall, break off, and want roles in turn."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx2
import pytest
from aiohttp import web
from openai import APIConnectionError, APIStatusError, APITimeoutError
from pipecat.frames.frames import (
    AggregatedTextFrame,
    ErrorFrame,
    InterruptionFrame,
    LLMContextFrame,
    LLMTextFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.tests.utils import SleepFrame, run_test

from tests.patience import PATIENCE_SECS
from tests.voicebot.model_server import Model, chunk, deepseek, gemma, gemma_2, mistral, model_server
from voicebot.pipeline.replies.sentence_limit import LONGEST_CLAUSE, LONGEST_REPLY, SentenceLimit
from voicebot.providers.llm import compatible_llm, open_requests, thoughts
from voicebot.providers.llm.compatible_llm import CompatibleLLM
from voicebot.providers.llm.patience import Patience, retry_after
from voicebot.providers.llm.reply_frames import ReplyIncompleteFrame

PATIENCE = Patience(first_secs=2.0, between_secs=0.4, retry_secs=1.0, load_secs=5.0, retries=2)
PATIENT = Patience(first_secs=90.0, between_secs=90.0, retry_secs=1.0, load_secs=90.0, retries=2)
AT_ONCE_SECS = 30.0  # on a busy machine, too: a small part of what it waits otherwise
HISTORY = [
    {"role": "user", "content": "Who are you?"},
    {"role": "assistant", "content": "Marlow."},
    {"role": "assistant", "content": "Ahoy!"},
    {"role": "user", "content": "Tell me of the sea."},
    {"role": "developer", "content": "They coughed."},
    {"role": "system", "content": "Stay in your part."},
]
PING = b": ping\n\n"


@pytest.fixture(autouse=True)
def nothing_learnt(monkeypatch):
    monkeypatch.setattr(thoughts, "_habits", {})
    monkeypatch.setattr(thoughts, "_reasoning", set())
    monkeypatch.setattr(compatible_llm, "_without_system", set())


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    async with model_server() as running:
        yield running


def service(model: Model, name: str = "m", patience: Patience = PATIENCE, **more) -> CompatibleLLM:
    settings = OpenAILLMService.Settings(model=name, max_tokens=300, system_instruction="You are Marlow.")
    return CompatibleLLM(api_key="none", base_url=model.url, patience=patience, settings=settings, **more)


class Heard:
    """What came of one or more questions: sentences, errors, and whether a reply broke off."""

    def __init__(self, down, up):
        self.sentences = [f.text for f in down if isinstance(f, AggregatedTextFrame)]
        self.text = "".join(f.text for f in down if isinstance(f, LLMTextFrame))
        self.broken = any(isinstance(f, ReplyIncompleteFrame) for f in down)
        self.errors = [f for f in up if isinstance(f, ErrorFrame)]


async def ask(llm: CompatibleLLM, *between, times: int = 1, most: int = 3) -> Heard:
    frames = []
    for _ in range(times):
        frames += [LLMContextFrame(LLMContext([dict(message) for message in HISTORY])), *between]
    down, up = await run_test(
        Pipeline([llm, SentenceLimit(most)]), frames_to_send=frames, expected_down_frames=None
    )
    return Heard(down, up)


@pytest.mark.parametrize("template", [gemma, gemma_2, mistral, deepseek])
async def test_strict_templates_are_asked_as_they_want_to_be(model, template):
    model.template = template
    heard = await ask(service(model), times=2)
    assert heard.sentences == ["Ahoy there.", "The sea is wide today."] * 2
    assert not heard.errors
    assert model.asked[-1]["messages"][-1]["content"].startswith("Tell me of the sea.")
    refused = len(model.asked) - 2
    assert refused == (1 if template is gemma_2 else 0)  # and it is remembered


async def test_half_an_emoji_costs_itself_alone(model):
    llm = service(model)
    context = LLMContext([{"role": "user", "content": "I like you \ud83d and \x00"}])
    down, up = await run_test(llm, frames_to_send=[LLMContextFrame(context)], expected_down_frames=None)
    assert "Ahoy" in Heard(down, up).text
    assert model.asked[0]["messages"][-1]["content"] == "I like you \ufffd and "


REASONING = [
    ["<think>", "Let me see. He asks.", " I say.", "</th", "ink>\n\nAhoy."],
    [{"reasoning_content": "Let me see. He asks. I say. So."}, "Ahoy."],
    [{"reasoning": "Let me see. He asks. I say. So."}, "Ahoy."],
]


@pytest.mark.parametrize("said", REASONING)
@pytest.mark.parametrize("name", ["m", "qwen3"])
async def test_only_the_answer_of_a_model_that_reasons(model, said, name):
    model.say(*said)
    heard = await ask(service(model, name))
    assert (heard.sentences, heard.text, heard.errors) == (["Ahoy."], "", [])


async def test_a_template_with_the_opening_tag_is_found_out_and_remembered(model):
    """Three sentences of reasoning, after which nobody would read on to the closing tag."""
    model.say("Let me see. He asks. I say. ", "So it is. ", 0.1, "</think>", "Ahoy.")
    llm = service(model, "captain-7b")
    await ask(llm)
    async with asyncio.timeout(PATIENCE_SECS):
        while compatible_llm._closing:
            await asyncio.sleep(0.01)
    assert (await ask(service(model, "captain-7b"))).sentences == ["Ahoy."]


async def test_a_model_that_reasons_has_room_for_it(model):
    """Servers count reasoning towards the limit of a reply."""
    model.say({"reasoning_content": "Hm. " * 20}, "Ahoy.")
    await ask(service(model), times=2)
    assert [asked["max_tokens"] for asked in model.asked] == [300, 300 + compatible_llm.REASONING_TOKENS]


async def test_reasoning_out_of_sight_that_used_up_all_room_has_more_the_next_time(model):
    model.say(finish="length")
    heard = await ask(service(model))
    assert heard.errors
    await ask(service(model))
    assert model.asked[1]["max_tokens"] > model.asked[0]["max_tokens"]


@pytest.mark.parametrize("said", [[], ["  \n"], ["<think>I never"], [{"reasoning": "Hm."}]])
async def test_a_reply_without_a_word_is_an_error_at_once(model, said):
    model.say(*said)
    began = time.monotonic()
    assert len((await ask(service(model, patience=PATIENT))).errors) == 1
    assert time.monotonic() - began < AT_ONCE_SECS


@pytest.mark.parametrize("body", ["<html>Welcome to the captive portal</html>", "", "data: what?\n\n"])
async def test_an_answer_that_is_no_stream_is_an_error_at_once(model, body):
    async def behaviour(*_: object) -> web.Response:
        return web.Response(text=body, content_type="text/html")

    model.behaviour = behaviour
    began = time.monotonic()
    heard = await ask(service(model, patience=PATIENT))
    assert (heard.sentences, len(heard.errors)) == ([], 1)
    assert time.monotonic() - began < AT_ONCE_SECS


STALLS = {
    "silence": [120.0],
    "comments": [part for _ in range(2000) for part in (PING, 0.05)],
    "empty chunks": [part for _ in range(2000) for part in (chunk(""), 0.05)],
    "nothing but roles": [part for _ in range(2000) for part in ({"role": "assistant"}, 0.05)],
}


@pytest.mark.parametrize("how", STALLS)
async def test_a_stream_that_stalls_is_ended_and_told(model, how):
    model.say("Ahoy there. ", "The sea is wide. ", "And let me", *STALLS[how])
    began = time.monotonic()
    heard = await ask(service(model))
    assert time.monotonic() - began < AT_ONCE_SECS
    assert heard.sentences == ["Ahoy there.", "The sea is wide."]  # not: "And let me."
    assert heard.broken
    assert len(heard.errors) == 1


@pytest.mark.parametrize("how", STALLS)
async def test_a_model_that_never_begins_is_given_up(model, how):
    model.say(*STALLS[how])
    began = time.monotonic()
    heard = await ask(service(model))
    assert PATIENCE.first_secs * 0.9 < time.monotonic() - began < PATIENCE.first_secs + AT_ONCE_SECS
    assert (heard.sentences, len(heard.errors)) == ([], 1)


async def test_reasoning_keeps_a_reply_alive_but_not_for_ever(model):
    model.say(*[part for _ in range(10) for part in ({"reasoning": "Hm."}, 0.1)], "Ahoy.")
    assert (await ask(service(model))).sentences == ["Ahoy."]
    model.say(*[part for _ in range(100) for part in ({"reasoning": "Hm."}, 0.1)], "Ahoy.")
    heard = await ask(service(model))
    assert (heard.sentences, len(heard.errors)) == ([], 1)


@pytest.mark.parametrize(("ending", "finish"), [([None], ""), ([], "")])
async def test_a_stream_that_breaks_off_is_told(model, ending, finish):
    """The line goes dead, or the server closes it in good order as if all had been said."""
    model.say("Ahoy there. ", "And let me", 0.05, *ending, finish=finish)
    heard = await ask(service(model))
    assert heard.sentences == ["Ahoy there."]
    assert heard.broken
    assert len(heard.errors) == 1


async def test_a_sentence_that_was_whole_is_kept_when_the_rest_breaks_off(model):
    model.say("Ahoy there. ", "The sea is wide.", 0.05, None)
    assert (await ask(service(model))).sentences == ["Ahoy there.", "The sea is wide."]


async def test_an_error_within_the_stream_is_told(model):
    model.say("Ahoy there. And let", b'data: {"error": {"message": "out of memory"}}\n\n', finish="")
    heard = await ask(service(model))
    assert (heard.sentences, heard.broken, len(heard.errors)) == (["Ahoy there."], True, 1)


def loads(secs: float, begun: list[float] | None = None):
    """Loads the model while somebody waits, and gives up when nobody does, as Ollama does."""
    loaded = False

    async def behaviour(model: Model, request: web.Request, _asked: dict) -> web.StreamResponse:
        nonlocal loaded
        if not loaded:
            if begun is not None:
                begun.append(time.monotonic())
            await asyncio.sleep(secs)
            loaded = True
        response = await model.opened(request)
        await response.write(chunk("Ahoy.") + chunk(finish="stop"))
        return response

    return behaviour


async def test_a_model_that_loads_is_waited_for(model):
    model.behaviour = loads(1.5)
    heard = await ask(service(model))
    assert (heard.sentences, heard.errors) == (["Ahoy."], [])
    assert (len(model.asked), model.given_up) == (1, 0)


@pytest.mark.parametrize("leaving", ["interruption", "patience"])
async def test_a_load_goes_on_when_nobody_waits_for_it_any_more(model, monkeypatch, leaving):
    """The visitor speaks into it, or another provider takes over; the next question finds it loaded."""
    monkeypatch.setattr(compatible_llm, "WORTH_KEEPING_SECS", 0.2)
    begun: list[float] = []
    model.behaviour = loads(1.5, begun)
    if leaving == "interruption":
        await ask(service(model), SleepFrame(0.4), InterruptionFrame(), SleepFrame(0.1))
    else:
        hasty = Patience(first_secs=0.5, between_secs=0.4, retry_secs=0.5, load_secs=5.0, retries=0)
        assert (await ask(service(model, patience=hasty))).errors
    async with asyncio.timeout(PATIENCE_SECS):
        while open_requests._kept:
            await asyncio.sleep(0.01)
    assert model.given_up == 0
    assert (await ask(service(model))).sentences == ["Ahoy."]
    assert len(begun) == 1, "it was loaded anew"


async def test_one_load_is_enough(model, monkeypatch):
    monkeypatch.setattr(compatible_llm, "WORTH_KEEPING_SECS", 0.1)
    model.behaviour = loads(3)
    for _ in range(3):
        await ask(service(model), SleepFrame(0.3), InterruptionFrame())
    assert len(open_requests._kept) == 1
    assert model.given_up >= 1


async def test_a_server_that_says_that_it_loads_is_asked_again(model):
    async def behaviour(server: Model, request: web.Request, _asked: dict) -> web.StreamResponse:
        if len(server.asked) < 2:
            error = {"code": 503, "message": "Loading model", "type": "unavailable_error"}
            return web.json_response({"error": error}, status=503)
        response = await server.opened(request)
        await response.write(chunk("Ahoy.") + chunk(finish="stop"))
        return response

    model.behaviour = behaviour
    none = Patience(first_secs=5, between_secs=1, retry_secs=0.5, load_secs=1, retries=0)
    assert (await ask(service(model, patience=none))).sentences == ["Ahoy."]


@pytest.mark.parametrize(("after", "tries"), [("0.1", 3), ("90", 1), ("Wed, 21 Oct 2054 07:28:00 GMT", 1)])
async def test_retries_never_outlast_patience(model, after, tries):
    async def behaviour(*_: object) -> web.Response:
        return web.json_response({"error": {"message": "slow"}}, status=429, headers={"Retry-After": after})

    model.behaviour = behaviour
    began = time.monotonic()
    heard = await ask(service(model))
    assert time.monotonic() - began < AT_ONCE_SECS
    assert (len(heard.errors), len(model.asked)) == (1, tries)


REQUEST = httpx2.Request("POST", "http://127.0.0.1/")


def refused(status: int, body: object = None, **headers: str) -> APIStatusError:
    response = httpx2.Response(status, headers=headers, request=REQUEST)
    return APIStatusError("", response=response, body=body)


@pytest.mark.parametrize(
    ("attempt", "error", "waited", "secs"),
    [
        (1, refused(500), 0.0, 0.5),
        (2, refused(500), 0.5, 1.0),
        (3, refused(500), 1.5, None),
        (1, refused(400), 0.0, None),
        (1, refused(401), 0.0, None),
        (1, refused(429, **{"Retry-After": "3"}), 0.0, 3.0),
        (1, refused(429, **{"Retry-After": "3"}), 8.0, None),
        (1, refused(429, **{"Retry-After": "nan"}), 0.0, 0.5),
        (9, refused(503, {"message": "Model is loading"}), 60.0, 1.0),
        (9, refused(503, {"message": "Model is loading"}), 119.5, None),
        (9, refused(503, {"message": "busy"}), 0.0, None),
        (1, APIConnectionError(request=REQUEST), 0.0, 0.5),
        (1, APITimeoutError(request=REQUEST), 0.0, None),
    ],
)
def test_when_a_request_is_made_again(attempt, error, waited, secs):
    patience = Patience(first_secs=120, between_secs=10, retry_secs=10, load_secs=120, retries=2)
    assert patience.before_retry(attempt, error, waited) == secs


@pytest.mark.parametrize(("value", "secs"), [("", None), ("soon", None), ("-3", 0.0), ("1.5", 1.5)])
def test_what_servers_write_behind_retry_after(value, secs):
    assert retry_after({"retry-after": value}) == secs


@pytest.mark.parametrize("said", [["a" * 50_000], ["a" * 100] * 500, ["word "] * 10_000])
async def test_a_model_that_runs_on_is_stopped(model, said):
    model.say(*said)
    heard = await ask(service(model))
    assert 0 < sum(map(len, heard.sentences)) <= LONGEST_REPLY + LONGEST_CLAUSE
    assert all(len(sentence) <= LONGEST_CLAUSE for sentence in heard.sentences)


async def test_a_summary_is_asked_in_the_servers_dialect_too(model):
    model.template = mistral
    context = LLMContext([{"role": "user", "content": "So far: \ud83d"}])
    assert await service(model).run_inference(context, max_tokens=50, system_instruction="Sum up.")
    assert model.asked[0]["max_tokens"] == 50
