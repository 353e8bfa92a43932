"""Runs the models of make_models.py in onnxruntime: values, errors, folding, cost with one thread."""

import json
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper

NUMPY_TYPES = {"float": "float32", "double": "float64", "string": "object"}


def open_model(model):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors are expected here, and asserted
    return ort.InferenceSession(model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"])


def throws(call):
    try:
        call()
    except Exception:  # onnxruntime has a class of its own for each status code
        return True
    return False


def median_ms(run, repeats):
    spans = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        spans.append(time.perf_counter() - start)
    return float(np.median(spans[1:])) * 1e3


def with_stored_weights(path):
    """Returns the same model with its computed weights stored as plain initializers."""
    model = onnx.load(path)
    nodes, known = [], {t.name for t in model.graph.initializer}
    for node in model.graph.node:
        if set(node.input) <= known:
            known.update(node.output)
        else:
            nodes.append(node)
    wanted = sorted({name for node in nodes for name in node.input} & known - {t.name for t in model.graph.initializer})
    weights = onnx.ModelProto()
    weights.CopyFrom(model)
    del weights.graph.output[:]
    weights.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in wanted)
    session = ort.InferenceSession(weights.SerializeToString(), providers=["CPUExecutionProvider"])
    feeds = {i.name: np.zeros([1, *i.shape[1:]], np.float32) for i in session.get_inputs()}
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(numpy_helper.from_array(v, n) for n, v in zip(wanted, session.run(wanted, feeds)))
    return model.SerializeToString()


def check_cost(folder, name, width, counts):
    path = folder / name / "model.onnx"
    start = time.perf_counter()
    session = open_model(path)
    load = (time.perf_counter() - start) * 1e3
    stored = open_model(with_stored_weights(path))
    for rows, repeats in counts:
        feeds = {"readings": np.random.default_rng(0).standard_normal((rows, width), np.float32)}
        (out,) = session.run(None, feeds)
        assert out.shape[0] == rows and np.isfinite(out).all()
        assert np.allclose(out, stored.run(None, feeds)[0], rtol=1e-4, atol=1e-5)
        computed, plain = (median_ms(lambda s=s: s.run(None, feeds), repeats) for s in (session, stored))
        print(f"{name:6} load {load:4.0f} ms  {rows:4} rows {computed:9.4f} ms  weights stored {plain:9.4f} ms  output rms {out.std():.3f}")


def check_faulty(folder):
    session = open_model(folder / "faulty/model.onnx")
    good = session.run(None, {"readings": np.array([[0, 1, 2], [9.5, 1, 2]], np.float32)})[0]
    assert good.tolist() == [[1, 2], [10, 92]], good
    for value in (10, 1e30, -0.5, -1, -1e30, np.nan, np.inf):
        row = np.array([[1, 0, 0], [value, 0, 0]], np.float32)
        assert throws(lambda row=row: session.run(None, {"readings": row})), value
    assert session.run(None, {"readings": np.ones((1, 3), np.float32)})[0].tolist() == [[2, 11]]


def check_filtering(folder):
    session = open_model(folder / "filtering/model.onnx")
    rows = np.array([[1, 2], [-1, 3], [0, 4]], np.float32)
    assert session.run(None, {"readings": rows})[0].tolist() == [[1, 2], [0, 4]]


def check_types(folder):
    session = open_model(folder / "types/model.onnx")
    feeds = {}
    for value in session.get_inputs():
        name = value.name.removeprefix("in_")
        cells = ["", "tide", "Größe"] if name == "string" else [0, 1, 1]
        feeds[value.name] = np.array(cells, NUMPY_TYPES.get(name, name))
    for name, cells in feeds.items():
        output = name.replace("in_", "out_")
        result = session.run([output], feeds)[0]
        assert result.tolist() == cells.tolist() and (name == "in_string" or result.dtype == cells.dtype), name
        assert throws(lambda name=name: session.run(None, {k: v for k, v in feeds.items() if k != name})), name
    print(f"types  {len(feeds)} element types: {' '.join(n.removeprefix('in_') for n in feeds)}")


def check_small_ones(folder):
    window = np.arange(2 * 16 * 4, dtype=np.float32).reshape(2, 16, 4)
    mean, peak = open_model(folder / "window/model.onnx").run(["mean", "peak"], {"window": window, "scale": np.array([2], np.float32)})
    assert np.array_equal(mean, window.mean(axis=1) * 2) and np.array_equal(peak, window.max(axis=1) * 2)
    for version, expected in (("1", [1, 2]), ("2", [5, 107])):
        session = open_model(folder / "triton_layout" / version / "model.onnx")
        assert session.run(None, {"input": np.array([[1, 2, 3]], np.float32)})[0].tolist() == [expected]
    narrow = folder / "ensemble_narrow"
    feeds = {"boundary_signals": np.array([[2, 3]], np.float32)}
    base, residuals = (open_model(narrow / f"{m}.onnx").run(None, feeds)[0] for m in ("base", "boost"))
    on = list(json.loads((narrow / "ensemble.json").read_text())["boost_signals"].values())
    assert (base + residuals * np.array(on)).tolist() == [[5, 3, 2]]
    assert throws(lambda: open_model(folder / "broken/model.onnx"))


def check_all(folder):
    check_cost(folder, "small", 20, [(1, 2000), (128, 500), (4096, 50)])
    check_cost(folder, "heavy", 256, [(1, 100), (64, 20), (4096, 3)])
    check_cost(folder, "slow", 8, [(1, 30), (2, 15)])
    check_faulty(folder)
    check_filtering(folder)
    check_types(folder)
    check_small_ones(folder)
    print("all models do what the README says")
