#!/usr/bin/env python3
"""Writes the small ONNX models that tests and benchmarks serve, one folder each.

Large weights are not stored: the graph holds sin(row * column * pi / (n + 1)), a discrete sine
transform, and onnxruntime folds it into a constant when it loads the model (at its default
optimisation level; with optimisations off they would be computed again in every run). Its rows
are orthogonal, so activations keep their size through any number of layers.
"""

import argparse
import json
import math
import re
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent
OPSET = 17
IR_VERSION = 8

# The element types onnxruntime-node 1.30 takes as tensors, by their name there.
TYPES = {
    "float": TensorProto.FLOAT, "double": TensorProto.DOUBLE, "float16": TensorProto.FLOAT16,
    "int8": TensorProto.INT8, "int16": TensorProto.INT16, "int32": TensorProto.INT32, "int64": TensorProto.INT64,
    "uint8": TensorProto.UINT8, "uint16": TensorProto.UINT16, "uint32": TensorProto.UINT32, "uint64": TensorProto.UINT64,
    "bool": TensorProto.BOOL, "string": TensorProto.STRING,
}


class Graph:
    """A graph being written: nodes and constants in order, each known by the name of its output."""

    def __init__(self):
        self.nodes, self.tensors = [], []

    def add(self, operator, inputs, output, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, name, value, dtype=np.float32):
        self.tensors.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def sines(self, name, rows, columns, gain=1.0):
        """Adds a [rows, columns] weight that is computed when the model is loaded."""
        widest = max(rows, columns)
        one = self.constant(f"{name}_one", 1)
        for side, length, shape in (("down", rows, [-1, 1]), ("across", columns, [1, -1])):
            end = self.constant(f"{name}_{side}_end", length + 1)
            steps = self.add("Range", [one, end, one], f"{name}_{side}_steps")
            self.add("Reshape", [steps, self.constant(f"{name}_{side}_shape", shape, np.int64)], f"{name}_{side}")
        products = self.add("Mul", [f"{name}_down", f"{name}_across"], f"{name}_products")
        angles = self.add("Mul", [products, self.constant(f"{name}_step", math.pi / (widest + 1))], f"{name}_angles")
        waves = self.add("Sin", [angles], f"{name}_waves")
        scale = self.constant(f"{name}_scale", gain * math.sqrt(2 / (widest + 1)))
        return self.add("Mul", [waves, scale], name)

    def write(self, path, inputs, outputs):
        """Writes the model. `inputs` and `outputs` are {name: (element type, shape)}."""
        values = [[helper.make_tensor_value_info(n, t, s) for n, (t, s) in side.items()] for side in (inputs, outputs)]
        graph = helper.make_graph(self.nodes, path.parent.name, *values, self.tensors)
        model = helper.make_model(
            graph, producer_name="tidewire", ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
        )
        onnx.checker.check_model(model, full_check=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(model.SerializeToString())


def floats(*shape):
    return (TensorProto.FLOAT, shape)


def write_perceptron(path, widths):
    """Fully connected layers with ReLU between them: `readings` [N, first] -> `predictions` [N, last]."""
    graph, value = Graph(), "readings"
    last = len(widths) - 1
    for i in range(1, len(widths)):
        weight = graph.sines(f"w{i}", widths[i - 1], widths[i], gain=math.sqrt(2))
        bias = graph.add("Reshape", [graph.sines(f"b{i}", 1, widths[i]), graph.constant(f"b{i}_flat", [-1], np.int64)], f"bias{i}")
        value = graph.add("Gemm", [value, weight, bias], "predictions" if i == last else f"sums{i}")
        if i != last:
            value = graph.add("Relu", [value], f"hidden{i}")
    graph.write(path, {"readings": floats("N", widths[0])}, {"predictions": floats("N", widths[-1])})


def write_slow(path, width=1024, copies=512, layers=13):
    """About 50 ms a row: the row becomes `copies` rows, which cross one shared weight `layers` times."""
    graph = Graph()
    rows = graph.add("Unsqueeze", ["readings", graph.constant("axis", [1], np.int64)], "rows")  # [N, 1, 8]
    spread = graph.add("Reshape", [graph.sines("spread_flat", 1, copies), graph.constant("spread_shape", [copies, 1], np.int64)], "spread")
    value = graph.add("Mul", [rows, spread], "many_rows")  # [N, copies, 8]
    value = graph.add("MatMul", [value, graph.sines("w_in", 8, width)], "wide")
    shared = graph.sines("w", width, width, gain=math.sqrt(2))
    for i in range(layers):
        value = graph.add("Relu", [graph.add("MatMul", [value, shared], f"sums{i}")], f"hidden{i}")
    value = graph.add("MatMul", [value, graph.sines("w_out", width, 8)], "narrow")
    graph.add("ReduceMean", [value], "predictions", axes=[1], keepdims=0)
    graph.write(path, {"readings": floats("N", 8)}, {"predictions": floats("N", 8)})


def write_faulty(path):
    """predictions = [trunc(r0) + r1, 10 * trunc(r0) + r2]; throws when a row's r0 is outside 0 <= r0 < 10.

    Gather counts a negative index from the end and does not throw, so every r0 outside (NaN too)
    is replaced by 10, the first index the table does not have.
    """
    graph = Graph()
    first, rest = graph.constant("first", 0, np.int64), graph.constant("rest", [1, 2], np.int64)
    value = graph.add("Gather", ["readings", first], "r0", axis=1)  # [N]
    least, bound = graph.constant("least", 0), graph.constant("bound", 10)
    enough = graph.add("GreaterOrEqual", [value, least], "enough")
    inside = graph.add("And", [enough, graph.add("Less", [value, bound], "not_too_much")], "inside")
    index = graph.add("Cast", [graph.add("Where", [inside, value, bound], "checked")], "index", to=TensorProto.INT64)
    found = graph.add("Gather", [graph.constant("table", [[i, 10 * i] for i in range(10)]), index], "found", axis=0)
    graph.add("Add", [found, graph.add("Gather", ["readings", rest], "r1_r2", axis=1)], "predictions")
    graph.write(path, {"readings": floats("N", 3)}, {"predictions": floats("N", 2)})


def write_filtering(path):
    """predictions = the rows whose r0 is not negative: fewer rows than went in, though the graph says [N, 2]."""
    graph = Graph()
    value = graph.add("Gather", ["readings", graph.constant("first", 0, np.int64)], "r0", axis=1)  # [N]
    keep = graph.add("GreaterOrEqual", [value, graph.constant("least", 0)], "keep")
    graph.add("Compress", ["readings", keep], "predictions", axis=0)
    graph.write(path, {"readings": floats("N", 2)}, {"predictions": floats("N", 2)})


def write_types(path):
    graph = Graph()
    for name in TYPES:
        graph.add("Identity", [f"in_{name}"], f"out_{name}")
    inputs, outputs = ({f"{side}_{n}": (t, ["N"]) for n, t in TYPES.items()} for side in ("in", "out"))
    graph.write(path, inputs, outputs)


def write_window(path):
    """mean and peak over a window's 16 steps, times `scale`."""
    graph = Graph()
    for operator, output in (("ReduceMean", "mean"), ("ReduceMax", "peak")):
        value = graph.add(operator, ["window"], f"plain_{output}", axes=[1], keepdims=0)
        graph.add("Mul", [value, "scale"], output)
    graph.write(path, {"window": floats("N", 16, 4), "scale": floats(1)}, {"mean": floats("N", 4), "peak": floats("N", 4)})


def write_linear(path, input_name, output_name, weight, bias):
    """output = input @ weight + bias, with small whole numbers so that a test can compute it by hand."""
    graph = Graph()
    graph.add("Gemm", [input_name, graph.constant("weight", weight), graph.constant("bias", bias)], output_name)
    rows, columns = np.shape(weight)
    graph.write(path, {input_name: floats("N", rows)}, {output_name: floats("N", columns)})


def write_ensemble_narrow(folder):
    """x = a, y = b, z = a + b; residuals of x, y, z: 1 + a, 100, -b. The boost is wrong for y, and off."""
    write_linear(folder / "base.onnx", "boundary_signals", "signals", [[1, 0, 1], [0, 1, 1]], [0, 0, 0])
    write_linear(folder / "boost.onnx", "boundary_signals", "residuals", [[1, 0, 0], [0, 0, -1]], [1, 100, 0])
    good = {"r2_base": 0.5, "r2_boost": 0.875, "rmse_base": 2, "rmse_boost": 1, "mae_base": 1.5, "mae_boost": 0.75}
    bad = {"r2_base": 0.5, "r2_boost": -9, "rmse_base": 2, "rmse_boost": 100, "mae_base": 1.5, "mae_boost": 100}
    ensemble = {
        "name": "ensemble_narrow",
        "version": "1",
        "description": "A fixture whose boost takes only the boundary values.",
        "boundary_signals": ["a", "b"],
        "signals": ["x", "y", "z"],
        "base": {"model": "base.onnx"},
        "boost": {"model": "boost.onnx"},
        "boost_signals": {"x": True, "y": False, "z": True},
        "quality": {"x": good, "y": bad, "z": good},
    }
    text = json.dumps(ensemble, indent=2)
    # Lists of names on one line, as the repository's formatter wants them.
    text = re.sub(r"\[[^][{}]*\]", lambda names: json.dumps(json.loads(names[0])), text)
    (folder / "ensemble.json").write_text(text + "\n")


def write_all():
    write_perceptron(HERE / "small/model.onnx", [20, 64, 64, 20])
    write_perceptron(HERE / "heavy/model.onnx", [256, 2048, 2048, 256])
    write_slow(HERE / "slow/model.onnx")
    write_faulty(HERE / "faulty/model.onnx")
    write_filtering(HERE / "filtering/model.onnx")
    write_types(HERE / "types/model.onnx")
    write_window(HERE / "window/model.onnx")
    write_linear(HERE / "triton_layout/1/model.onnx", "input", "output", [[1, 0], [0, 1], [0, 0]], [0, 0])
    write_linear(HERE / "triton_layout/2/model.onnx", "input", "output", [[2, 0], [0, 2], [1, 1]], [0, 100])
    write_ensemble_narrow(HERE / "ensemble_narrow")
    broken = HERE / "broken/model.onnx"
    broken.parent.mkdir(exist_ok=True)
    broken.write_text("This is a text, and no graph.\n")
    for path in sorted(HERE.glob("**/*.onnx")):
        print(f"{path.stat().st_size:6} bytes  {path.relative_to(HERE)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="afterwards run every model in onnxruntime and print what it costs")
    arguments = parser.parse_args()
    write_all()
    if arguments.check:
        from check_models import check_all

        check_all(HERE)


if __name__ == "__main__":
    main()
