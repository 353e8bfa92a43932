#!/usr/bin/env python3
"""Trains the gas turbine demo ensemble and writes base.onnx, boost.onnx and ensemble.json.

base    a multilayer perceptron of 16 hidden units: 5 boundary signals -> 6 signals.
boost   gradient-boosted trees, one small forest per signal: boundary signals and the base's
        predictions -> the residual to add to the base.

The residual model learns from out-of-fold residuals: each row's base prediction comes from a
base that has not seen the row's block of time. In-sample residuals would be too small, and the
boost would learn the base's overfitting instead of its errors.

A signal's boost is on where it lowers the RMSE on 2013 after training on 2011 and 2012. Both
models are then refitted on 2011-2013. The years 2014 and 2015 decide nothing; they are only
used to measure what `quality` reports.
"""

import argparse
import json
import os
import time
import warnings
from pathlib import Path

# One thread, set before NumPy loads: the order of additions, and so the result, stays the same.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import KFold
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

BOUNDARY_SIGNALS = ["AT", "AP", "AH", "AFDP", "GTEP"]
SIGNALS = ["TIT", "TAT", "TEY", "CDP", "CO", "NOX"]
TRAIN_YEARS = [2011, 2012, 2013]
TEST_YEARS = [2014, 2015]
FOLDS = 4  # contiguous blocks of time, so that neighbouring hours never straddle a fold
OPSET = {"": 17, "ai.onnx.ml": 3}
IR_VERSION = 8  # read by every onnxruntime since 1.12


def read_years(folder, years):
    """Returns (boundary [n, 5], signals [n, 6]) of the years in order, as float32.

    float32 from the start: trees then split on the very values the graph will see.
    """
    tables = []
    for year in years:
        path = folder / f"gt_{year}.csv"
        with path.open() as file:
            header = file.readline().strip().split(",")
            table = np.loadtxt(file, delimiter=",", dtype=np.float32)
        tables.append(table[:, [header.index(name) for name in BOUNDARY_SIGNALS + SIGNALS]])
    rows = np.vstack(tables)
    width = len(BOUNDARY_SIGNALS)
    return rows[:, :width], rows[:, width:]


def fit_base(boundary, signals, seed):
    """Fits the base on signals scaled to unit variance, then folds that scale into its last layer."""
    scaler = StandardScaler().fit(signals)
    perceptron = MLPRegressor(
        hidden_layer_sizes=(16,), alpha=0.01, batch_size=256,
        learning_rate_init=3e-3, max_iter=60, random_state=seed,
    )
    base = make_pipeline(StandardScaler(), perceptron)
    with warnings.catch_warnings():
        # 60 passes are a choice (more of them fit 2012 better and 2013 worse), not a failure.
        warnings.simplefilter("ignore", ConvergenceWarning)
        base.fit(boundary, scaler.transform(signals))
    scale, mean = scaler.scale_.astype(np.float32), scaler.mean_.astype(np.float32)
    perceptron.coefs_[-1] = perceptron.coefs_[-1] * scale
    perceptron.intercepts_[-1] = perceptron.intercepts_[-1] * scale + mean
    return base


def out_of_fold_predictions(boundary, signals, seed):
    """Predicts each row with a base that was fitted without the row's block of time."""
    predictions = np.empty_like(signals)
    for rest, block in KFold(FOLDS).split(boundary):
        predictions[block] = fit_base(boundary[rest], signals[rest], seed).predict(boundary[block])
    return predictions


def fit_boost(boundary, signals, seed):
    """Fits the residual model on [boundary, out-of-fold base predictions]."""
    predictions = out_of_fold_predictions(boundary, signals, seed)
    trees = HistGradientBoostingRegressor(
        max_iter=100, learning_rate=0.05, max_leaf_nodes=15, min_samples_leaf=300,
        l2_regularization=50, early_stopping=False, random_state=seed,
    )
    return MultiOutputRegressor(trees).fit(np.hstack([boundary, predictions]), signals - predictions)


def fit_both(boundary, signals, seed):
    return fit_base(boundary, signals, seed), fit_boost(boundary, signals, seed)


def predict_both(base, boost, boundary):
    """Returns (base predictions, base predictions + residuals), both [n, 6]."""
    predictions = base.predict(boundary).astype(np.float32)
    return predictions, predictions + boost.predict(np.hstack([boundary, predictions]))


def rmse(truth, predictions):
    return root_mean_squared_error(truth, predictions, multioutput="raw_values")


def choose_boosts(train, validation, seed):
    """Returns {signal: bool}: true exactly where the boost lowers the validation RMSE."""
    base, boost = fit_both(*train, seed)
    boundary, truth = validation
    without, with_boost = (rmse(truth, p) for p in predict_both(base, boost, boundary))
    print("  signal  rmse base  rmse boost  boost")
    for signal, plain, boosted in zip(SIGNALS, without, with_boost):
        print(f"  {signal:6} {plain:10.4f} {boosted:11.4f}  {'on' if boosted < plain else 'off'}")
    return {s: bool(b < p) for s, p, b in zip(SIGNALS, without, with_boost)}


def base_graph(base):
    """Returns the base as Sub, Div, Gemm, Relu, Gemm: [N, 5] -> [N, 6].

    Written out by hand: skl2onnx 1.20 reshapes a perceptron of several outputs to one column.
    """
    scaler, perceptron = base[0], base[-1]
    (w1, w2), (b1, b2) = perceptron.coefs_, perceptron.intercepts_
    constants = {"mean": scaler.mean_, "deviation": scaler.scale_, "w1": w1, "b1": b1, "w2": w2, "b2": b2}
    nodes = [
        helper.make_node("Sub", ["boundary_signals", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "deviation"], ["scaled"]),
        helper.make_node("Gemm", ["scaled", "w1", "b1"], ["sums"]),
        helper.make_node("Relu", ["sums"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "w2", "b2"], ["signals"]),
    ]
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", columns])
        for name, columns in (("boundary_signals", len(BOUNDARY_SIGNALS)), ("signals", len(SIGNALS)))
    ]
    tensors = [numpy_helper.from_array(v.astype(np.float32), name) for name, v in constants.items()]
    graph = helper.make_graph(nodes, "base", values[:1], values[1:], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET[""])])


def boost_graph(boost):
    """Returns the boost as one TreeEnsembleRegressor per signal, concatenated: [N, 5 + 6] -> [N, 6]."""
    width = len(BOUNDARY_SIGNALS) + len(SIGNALS)
    graph = convert_sklearn(
        boost, "boost",
        initial_types=[("boundary_and_base", FloatTensorType([None, width]))],
        final_types=[("residuals", FloatTensorType([None, len(SIGNALS)]))],
        target_opset=OPSET,
    )
    for value in (*graph.graph.input, *graph.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    return graph


def write_graph(graph, path):
    graph.ir_version = IR_VERSION
    onnx.checker.check_model(graph, full_check=True)
    path.write_bytes(graph.SerializeToString())
    print(f"  {path.name}: {path.stat().st_size / 1024:.1f} KiB")


def open_graph(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda rows: session.run(None, {name: rows})[0]


def compare_with_sklearn(base, boost, run_base, run_boost, boundary):
    """Prints how far onnxruntime and scikit-learn are apart on the same float32 inputs."""
    predictions = run_base(boundary)
    both = np.hstack([boundary, predictions])
    for name, ours, theirs in (
        ("base", predictions, base.predict(boundary)),
        ("boost", run_boost(both), boost.predict(both)),
    ):
        apart = np.abs(ours - theirs)
        worst = SIGNALS[int(apart.max(axis=0).argmax())]
        print(f"  {name:5} largest absolute difference {apart.max():.2e} ({worst}) over {len(both)} rows")


def measure_cost(run_base, run_boost, boundary):
    """Prints the median time of base and boost for one row and for 4096, one thread."""
    for count, repeats in ((1, 3000), (4096, 30)):
        rows = np.ascontiguousarray(boundary[:count])
        both = np.hstack([rows, run_base(rows)])
        medians = {}
        for name, run, feed in (("base", run_base, rows), ("boost", run_boost, both)):
            spans = []
            for _ in range(repeats):
                start = time.perf_counter()
                run(feed)
                spans.append(time.perf_counter() - start)
            medians[name] = float(np.median(spans)) * 1e6
        total = sum(medians.values())
        print(f"  {count:4} rows: base {medians['base']:.1f} us + boost {medians['boost']:.1f} us = {total:.1f} us")


def measure_quality(run_base, run_boost, boundary, truth):
    """Measures both predictions of every signal, through onnxruntime, whether its boost is on or off."""
    base = run_base(boundary)
    boosted = base + run_boost(np.hstack([boundary, base]))
    quality = {}
    for i, signal in enumerate(SIGNALS):
        row = {}
        for measure, score in (("r2", r2_score), ("rmse", root_mean_squared_error), ("mae", mean_absolute_error)):
            for name, predictions in (("base", base), ("boost", boosted)):
                # float64 for the sums only; the predictions are the graph's float32.
                row[f"{measure}_{name}"] = round(float(score(truth[:, i].astype(float), predictions[:, i].astype(float))), 5)
        quality[signal] = row
    return quality


def print_quality(quality, boosts):
    print("  signal  r2 base  r2 boost  rmse base  rmse boost  mae base  mae boost  boost")
    for signal, q in quality.items():
        print(
            f"  {signal:6} {q['r2_base']:8.4f} {q['r2_boost']:9.4f} {q['rmse_base']:10.4f} {q['rmse_boost']:11.4f}"
            f" {q['mae_base']:9.4f} {q['mae_boost']:10.4f}  {'on' if boosts[signal] else 'off'}"
        )


def describe(boosts, quality):
    return {
        "name": "gas_turbine",
        "version": "1",
        "description": "Operating values and emissions of a gas turbine, predicted from ambient conditions and two"
        " pressures. Hourly readings of 2011-2015, UCI data set 551 (Kaya, Tüfekci and Uzun, 2019), CC BY 4.0.",
        "boundary_signals": BOUNDARY_SIGNALS,
        "signals": SIGNALS,
        "base": {"model": "base.onnx"},
        "boost": {"model": "boost.onnx"},
        "boost_signals": boosts,
        "quality": quality,
    }


def read_arguments():
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example:\n  python train.py --data ~/gas_turbine --out /tmp/gas_turbine",
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR",
                        help="folder with gt_2011.csv ... gt_2015.csv from https://archive.ics.uci.edu/dataset/551")
    parser.add_argument("--out", type=Path, default=here, metavar="DIR",
                        help="folder the three files are written to (default: beside this script)")
    parser.add_argument("--seed", type=int, default=0, help="of the perceptron's initial weights and its shuffling (default: 0)")
    arguments = parser.parse_args()
    missing = [f"gt_{y}.csv" for y in TRAIN_YEARS + TEST_YEARS if not (arguments.data / f"gt_{y}.csv").is_file()]
    if missing:
        parser.error(f"--data {arguments.data}: missing {', '.join(missing)}")
    return arguments


def main():
    arguments = read_arguments()
    out, seed = arguments.out, arguments.seed
    out.mkdir(parents=True, exist_ok=True)

    print("[1/5] choosing the boosts: train on 2011-2012, validate on 2013")
    boosts = choose_boosts(read_years(arguments.data, [2011, 2012]), read_years(arguments.data, [2013]), seed)

    print("[2/5] fitting both models on 2011-2013")
    boundary, signals = read_years(arguments.data, TRAIN_YEARS)
    base, boost = fit_both(boundary, signals, seed)

    print(f"[3/5] writing the graphs to {out}")
    write_graph(base_graph(base), out / "base.onnx")
    write_graph(boost_graph(boost), out / "boost.onnx")
    run_base, run_boost = open_graph(out / "base.onnx"), open_graph(out / "boost.onnx")

    test_boundary, test_signals = read_years(arguments.data, TEST_YEARS)
    print("[4/5] agreement with scikit-learn, and cost with one thread")
    compare_with_sklearn(base, boost, run_base, run_boost, np.vstack([boundary, test_boundary]))
    measure_cost(run_base, run_boost, test_boundary)

    print(f"[5/5] quality on 2014-2015, {len(test_boundary)} rows")
    quality = measure_quality(run_base, run_boost, test_boundary, test_signals)
    print_quality(quality, boosts)
    text = json.dumps(describe(boosts, quality), indent=2, ensure_ascii=False)
    (out / "ensemble.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
