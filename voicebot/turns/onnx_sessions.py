"""ONNX Runtime's sessions, of one thread each, and what the processor can do for them."""

import platform
from importlib import resources
from pathlib import Path

import onnxruntime
from onnxruntime import GraphOptimizationLevel as Level

CPU = ["CPUExecutionProvider"]


def shipped(package: str, name: str) -> bytes:
    """A model as Pipecat ships it."""
    return resources.files(package).joinpath(name).read_bytes()


def options(level: Level = Level.ORT_ENABLE_ALL) -> onnxruntime.SessionOptions:
    """One thread: what computes for one visitor must not take the cores of the others."""
    found = onnxruntime.SessionOptions()
    found.graph_optimization_level = level
    found.inter_op_num_threads = 1
    found.intra_op_num_threads = 1
    return found


def load(model: bytes, level: Level = Level.ORT_ENABLE_ALL) -> onnxruntime.InferenceSession:
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
