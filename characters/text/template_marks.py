"""The marks of chat templates, taken out of words: what somebody writes must not begin a message of its own.

Servers put messages into their model's template and read its marks (`<|im_start|>`, `[INST]`, `</s>`)
wherever they stand, llama.cpp, vLLM and Ollama alike. A blank within a mark makes it words again, for every
vocabulary. Transcripts keep what was written; only what a model reads is changed.
"""

import re

_SPECIAL = re.compile(
    r"<(?=[|\uff5c])"  # <|im_start|> of ChatML, <|eot_id|> of Llama, and DeepSeek's wide ones
    r"|[|\uff5c](?=>)"
    r"|<(?=<(?i:/?SYS)>>)"
    r"|\[(?=/?[A-Za-z]?[A-Z_]{3,40}\]|(?i:/?INST\]))"  # [INST] of Mistral, [gMASK] of GLM
    r"|<(?=/?(?i:s|bos|eos|pad|unk|sop|eop|start_of_turn|end_of_turn)>)"
)
_TAG = re.compile(r"<(?=/?[A-Za-z_][A-Za-z0-9_:-]{0,40}/?>)")  # <think>, <tool_call>, and whatever comes next


def as_words(text: str) -> str:
    """What an editor wrote, without marks of its own; tags such as <rules> stay."""
    return _SPECIAL.sub(r"\g<0> ", text) if "<" in text or "[" in text or ">" in text else text


def as_plain_words(text: str) -> str:
    """What was said in a conversation: neither marks nor tags."""
    return _TAG.sub(r"\g<0> ", as_words(text)) if "<" in text or "[" in text or ">" in text else text
