"""What language models and the rest of the pipeline tell each other about a reply, besides its text."""

from dataclasses import dataclass

from pipecat.frames.frames import DataFrame, SystemFrame


@dataclass
class EnoughFrame(SystemFrame):
    """Upstream, to the language model: the reply has all the sentences that it may have."""


@dataclass
class ReplyIncompleteFrame(DataFrame):
    """Downstream, within a reply: something of it is missing from here on.

    Between `LLMFullResponseStartFrame` and `LLMFullResponseEndFrame`, after the last text that is whole.
    """


@dataclass
class WrittenReplyFrame(DataFrame):
    """Downstream, within a reply: what follows was written by an editor, who has seen to its length."""
