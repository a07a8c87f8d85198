"""Another memory layer, mem0, on the questions and memories of `benchmarks.memory`, with the same vectors.

pip install mem0ai langchain                 into a copy of the environment: it is no part of Greenroom
python -m benchmarks.neighbour_memory        right among five and time, English and Chinese

It keeps memories as they are given (`infer=False`: with a model it would draw them, as Greenroom does), in
its own Qdrant in this process. Without the models of spaCy and fastembed, which it would download, it
searches by cosine alone.
"""

import os
import tempfile
import time
from importlib.metadata import version
from statistics import median

os.environ.update(MEM0_TELEMETRY="False", MEM0_DIR=tempfile.mkdtemp(), OPENAI_API_KEY="none")

from langchain_core.embeddings import Embeddings  # type: ignore[import-not-found]
from mem0 import Memory  # type: ignore[import-not-found]

from benchmarks.memory import FIRST, LANGUAGES, pairs, thousand
from voicebot.meaning import DIMENSIONS, embeddings


class SameVectors(Embeddings):  # type: ignore[misc]
    """Those that Greenroom searches by."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[float(x) for x in embeddings().of_passage(text).result()] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return [float(x) for x in embeddings().of_question(text).result()]


def filled(texts: list[str], place: str) -> Memory:
    qdrant = {"path": place, "embedding_model_dims": DIMENSIONS, "collection_name": "memories"}
    memory = Memory.from_config(
        {
            "vector_store": {"provider": "qdrant", "config": qdrant},
            "embedder": {"provider": "langchain", "config": {"model": SameVectors()}},
            "llm": {"provider": "openai", "config": {"api_key": "none"}},  # never asked
        }
    )
    for text in texts:
        memory.add(text, user_id="me", infer=False)
    return memory


def main() -> None:
    embeddings().warm()
    print("| language | search | right among five | ms, median / 95 % / most |\n| --- | --- | --- | --- |")
    for language in LANGUAGES:
        with tempfile.TemporaryDirectory() as place:
            memory, took, right = filled(thousand(language), place), [], 0
            for fact, asked in pairs(language):
                began = time.perf_counter()
                found = memory.search(asked, filters={"user_id": "me"}, top_k=FIRST, threshold=0.0)
                took.append(1000 * (time.perf_counter() - began))
                right += fact in [one["memory"] for one in found["results"]]
        took.sort()
        times = f"{median(took):.0f} / {took[int(len(took) * 0.95)]:.0f} / {took[-1]:.0f}"
        print(f"| {language} | mem0 {version('mem0ai')} | {right} of {len(took)} | {times} |", flush=True)


if __name__ == "__main__":
    main()
