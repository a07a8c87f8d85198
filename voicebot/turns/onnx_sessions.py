"""ONNX Runtime's sessions, of one thread each, and what the processor can do for them."""

from __future__ import annotations

import platform
from importlib import resources
from pathlib import Path
from typing import Literal

import onnxruntime

# onnxruntime.GraphOptimizationLevel by name: the library is not asked for anything before a model is loaded.
Level = Literal["ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED", "ORT_ENABLE_ALL"]
CPU = ["CPUExecutionProvider"]


def shipped(package: str, name: str) -> bytes:
    """A model as Pipecat ships it."""
    return resources.files(package).joinpath(name).read_bytes()


def options(level: Level = "ORT_ENABLE_ALL") -> onnxruntime.SessionOptions:
    """One thread: what computes for one visitor must not take the cores of the others."""
    found = onnxruntime.SessionOptions()
    found.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    found.inter_op_num_threads = 1
    found.intra_op_num_threads = 1
    return found


def load(model: bytes, level: Level = "ORT_ENABLE_ALL") -> onnxruntime.InferenceSession:
    """A session over a model as it is, fused as far as `level` allows."""
    return onnxruntime.InferenceSession(model, options(level), providers=CPU)


def pairs_overflow() -> bool:
    """Whether this processor sums products of eight-bit numbers in sixteen bits.

    Where the system does not tell what it can do, it is taken for an old one.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    try:
        about = Path("/proc/cpuinfo").read_text()
    except OSError:
        return True
    return not {"avx512_vnni", "avx_vnni"} & set(about.split())
