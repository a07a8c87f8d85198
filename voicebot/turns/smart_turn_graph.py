"""Smart Turn's graph, made cheaper to run, with the same weights.

ONNX Runtime fuses the softmax of a quantised model into an operator of its own, which works through a table
value by value, and leaves a quantised GELU in five pieces. Over 400 positions that is a quarter of the time
of a call. Here the softmax is computed in floating point, and the GELU in one piece.

An x86 processor without VNNI multiplies eight-bit numbers in pairs and keeps each sum in sixteen bits, where
two large weights side by side do not fit: every tenth decision is another one, and nothing tells. For such a
processor the weights of a channel that could come to that are scaled down until they fit.

`benchmarks/endings.py` prints the time, and how often the decision is another one.
"""

import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import NodeProto, helper, numpy_helper

from voicebot.turns.onnx_sessions import CPU, options, pairs_overflow

GELU = ("Div", "Erf", "Add", "Mul", "Mul")  # x / sqrt(2), erf, + 1, * 0.5, * x


def rewritten(model: bytes) -> onnx.ModelProto:
    """The graph of a quantised transformer as ONNX Runtime fuses it, but for what it does not do well.

    Where nothing of that kind is found, nothing is changed.
    """
    with tempfile.TemporaryDirectory() as folder:
        fused = Path(folder, "fused.onnx")
        first = options("ORT_ENABLE_EXTENDED")
        first.optimized_model_filepath = str(fused)
        onnxruntime.InferenceSession(model, first, providers=CPU)
        graph = onnx.load(fused)
    float_softmax(graph)
    whole_gelu(graph)
    if pairs_overflow():
        keep_pairs_in_range(graph)
    drop_unused(graph)
    return graph


def _replace(model: onnx.ModelProto, nodes: list[NodeProto]) -> None:
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def float_softmax(model: onnx.ModelProto) -> None:
    """QLinearSoftmax becomes DequantizeLinear, Softmax, QuantizeLinear."""
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        if node.op_type != "QLinearSoftmax":
            nodes.append(node)
            continue
        source, scale, zero, to_scale, to_zero = node.input
        name = node.output[0]
        axis = next(a.i for a in node.attribute if a.name == "axis")
        nodes += [
            helper.make_node("DequantizeLinear", [source, scale, zero], [f"{name}_in"]),
            helper.make_node("Softmax", [f"{name}_in"], [f"{name}_out"], axis=axis),
            helper.make_node("QuantizeLinear", [f"{name}_out", to_scale, to_zero], [name]),
        ]
    _replace(model, nodes)


def whole_gelu(model: onnx.ModelProto) -> None:
    """The five operators of a GELU become ONNX Runtime's own."""
    made = {name: node for node in model.graph.node for name in node.output}
    uses: dict[str, list[NodeProto]] = defaultdict(list)
    for node in model.graph.node:
        for name in node.input:
            uses[name].append(node)
    gone: set[str] = set()
    wholes: dict[str, NodeProto] = {}
    for erf in (node for node in model.graph.node if node.op_type == "Erf"):
        chain = [made.get(erf.input[0]), erf]
        while len(chain) < len(GELU) and len(following := uses[chain[-1].output[0]]) == 1:
            chain.append(following[0])
        parts = [node for node in chain if node is not None]
        if tuple(node.op_type for node in parts) != GELU or parts[0].input[0] not in parts[-1].input:
            continue
        gone |= {node.output[0] for node in parts}
        result = parts[-1].output[0]
        wholes[result] = helper.make_node("Gelu", [parts[0].input[0]], [result], domain="com.microsoft")
    nodes = []
    for node in model.graph.node:
        if node.output[0] in wholes:
            nodes.append(wholes[node.output[0]])
        elif node.output[0] not in gone:
            nodes.append(node)
    _replace(model, nodes)


MOST_OF_A_PAIR = 32767 // 255  # for the sum of two weights
# Of an operator with constant weights: where they are, their scales, the bias that has these scales, too.
WEIGHT_INPUTS = {"QLinearMatMul": (3, 4, None), "QGemm": (3, 4, 6), "QLinearConv": (3, 4, 8)}


def keep_pairs_in_range(model: onnx.ModelProto) -> None:
    """Scales the int8 weights of each channel so that two of them, each times 255, fit into sixteen bits."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}

    def put(name: str, values: np.ndarray) -> None:
        tensors[name].CopyFrom(numpy_helper.from_array(values, name))

    for node in model.graph.node:
        at, scale_at, bias_at = WEIGHT_INPUTS.get(node.op_type, (None, None, None))
        if at is None or scale_at is None or node.input[at] not in tensors:
            continue
        weights = numpy_helper.to_array(tensors[node.input[at]])
        transposed = node.op_type == "QLinearConv" or any(a.name == "transB" and a.i for a in node.attribute)
        rows = weights.reshape(len(weights), -1) if transposed else weights.T  # a channel each
        pairs = np.pad(rows.astype(np.int32), ((0, 0), (0, rows.shape[1] % 2))).reshape(len(rows), -1, 2)
        largest = np.maximum(pairs.clip(min=0).sum(2).max(1), -pairs.clip(max=0).sum(2).min(1))
        factor = np.where(largest > MOST_OF_A_PAIR, largest / (MOST_OF_A_PAIR - 1), 1.0)  # rounding adds 1
        scales = numpy_helper.to_array(tensors[node.input[scale_at]])
        if scales.size == 1:
            factor = np.full_like(factor, factor.max())
        scaled = np.round(rows / factor[:, np.newaxis]).astype(np.int8)
        put(node.input[at], np.ascontiguousarray((scaled if transposed else scaled.T).reshape(weights.shape)))
        put(node.input[scale_at], (scales * factor[: scales.size].reshape(scales.shape)).astype(np.float32))
        if bias_at is not None:
            bias = numpy_helper.to_array(tensors[node.input[bias_at]])
            put(node.input[bias_at], np.round(bias / factor).astype(np.int32))


def drop_unused(model: onnx.ModelProto) -> None:
    used = {name for node in model.graph.node for name in node.input}
    kept = [tensor for tensor in model.graph.initializer if tensor.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
