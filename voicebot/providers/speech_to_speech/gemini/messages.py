"""Messages of the Live API, and of requests beside it, as JSON: https://ai.google.dev/api/live."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pipecat.metrics.metrics import LLMTokenUsage

from characters.prompts import Message, text_of
from voicebot.providers.speech_to_speech.vendor import IN_HZ

Json = dict[str, Any]

ENDS_WELL = ("", "TURN_COMPLETE_REASON_UNSPECIFIED", "NEED_MORE_INPUT")
NO_RESULT = {"error": "The call was given up: the visitor has gone on."}


def text_content(role: str, text: str) -> Json:
    return {"role": role, "parts": [{"text": text}]}


def content_of(message: Message) -> Json:
    """A message of a prompt. Calls are told in words: past ones are refused (1007)."""
    if message["role"] == "tool":
        return text_content("user", f"[A function returned {text_of(message)}]")
    if calls := cast(Any, message.get("tool_calls")):
        told = [f"[Called {call['function']['name']} with {call['function']['arguments']}]" for call in calls]
        return text_content("model", " ".join(told))
    return text_content("model" if message["role"] == "assistant" else "user", text_of(message))


def tools_of(functions: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Functions with JSON Schema as tools. The model waits for what they return, as others do."""
    declared = [
        {
            "name": function["name"],
            "description": function.get("description", ""),
            "parametersJsonSchema": function["parameters"],
            "behavior": "BLOCKING",
        }
        for function in functions
    ]
    return [{"functionDeclarations": declared}] if declared else []


def answer_of(call_id: str, name: str, result: str) -> Json:
    """What a function returned, which has to be an object."""
    try:
        found = json.loads(result)
    except ValueError:
        found = result
    return {"id": call_id, "name": name, "response": found if isinstance(found, dict) else {"result": found}}


def system_of(text: str) -> Json:
    return {"parts": [{"text": text}]}


def speech_of(voice: str) -> Json:
    return {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}}


def mind_setup(model: str, voice: str, temperature: float, instructions: str, tools: list[Json]) -> Json:
    """The first message of a session that answers. When a turn is over is decided here, not there."""
    setup: Json = {
        "model": f"models/{model}",
        "generationConfig": {
            "responseModalities": ["AUDIO"],
            "speechConfig": speech_of(voice),
            "temperature": temperature,
        },
        "realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}},
        "outputAudioTranscription": {},
    }
    if instructions:
        setup["systemInstruction"] = system_of(instructions)
    if tools:
        setup["tools"] = tools
    return {"setup": setup}


def transcriber_setup(model: str, languages: Sequence[str]) -> Json:
    """The first message of a session that tells words, and answers nothing."""
    return {
        "setup": {
            "model": f"models/{model}",
            "generationConfig": {"responseModalities": ["TEXT"]},
            "realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}},
            "inputAudioTranscription": {"languageCodes": list(languages)} if languages else {},
        }
    }


def sound_message(base64_pcm: str) -> Json:
    return {"realtimeInput": {"audio": {"data": base64_pcm, "mimeType": f"audio/pcm;rate={IN_HZ}"}}}


def usage_of(usage: Mapping[str, Any] | None) -> LLMTokenUsage | None:
    """What a reply has used, as Pipecat counts it: thoughts are output, results of tools are input."""
    if not usage:
        return None
    thoughts = usage.get("thoughtsTokenCount")
    came = usage.get("promptTokenCount", 0) + usage.get("toolUsePromptTokenCount", 0)
    went = usage.get("responseTokenCount", usage.get("candidatesTokenCount", 0)) + (thoughts or 0)
    return LLMTokenUsage(
        prompt_tokens=came,
        completion_tokens=went,
        total_tokens=came + went,
        cache_read_input_tokens=usage.get("cachedContentTokenCount"),
        reasoning_tokens=thoughts,
        input_audio_tokens=_of_sound(usage.get("promptTokensDetails")),
        output_audio_tokens=_of_sound(
            usage.get("responseTokensDetails") or usage.get("candidatesTokensDetails")
        ),
        cache_read_input_audio_tokens=_of_sound(usage.get("cacheTokensDetails")),
    )


def _of_sound(details: Sequence[Mapping[str, Any]] | None) -> int | None:
    found = [each.get("tokenCount", 0) for each in details or () if each.get("modality") == "AUDIO"]
    return found[0] if found else None


def is_over(content: Mapping[str, Any]) -> bool:
    """Whether a turn of the model's is over: one that thinks on says so."""
    return bool(content.get("turnComplete")) and content.get("interactionStatus") != "IN_PROGRESS"


def failure_of(content: Mapping[str, Any]) -> str:
    """Why a turn of the model's is not whole, '' where it is."""
    reason = content.get("turnCompleteReason", "")
    return "" if reason in ENDS_WELL else f"the vendor ends the reply ({reason})"
