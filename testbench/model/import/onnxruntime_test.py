#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Imported networks against ONNX Runtime on the file itself: onnxruntime_test.py FLEXOR [part of unittest's arguments]."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

import graphs

FLEXOR = pathlib.Path(sys.argv.pop(1)).resolve()
SEED = int(os.environ.get("FLEXOR_SEED", np.random.SeedSequence().entropy % 2**32))
LEGAL, ILLEGAL, IMAGES = int(os.environ.get("FLEXOR_NETWORKS", "200")), 50, 16


def shared(name):
    """A file of the foreign networks in FLEXOR_DATA."""
    folder = os.environ.get("FLEXOR_DATA")
    file = pathlib.Path(folder or ".") / "onnx" / name
    if not folder or not file.exists():
        raise unittest.SkipTest(f"FLEXOR_DATA names no folder with onnx/{name}")
    return file


def run_onnx(model, inputs):
    """Outputs of ONNX Runtime, one image after another."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    constants = {t.name for t in model.graph.initializer}
    name = next(i.name for i in model.graph.input if i.name not in constants)
    return np.stack([session.run(None, {name: x[None]})[0].reshape(-1) for x in inputs])


class Import(unittest.TestCase):
    """Every test in a folder of its own."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)

    def flexor(self, *arguments):
        return subprocess.run([FLEXOR, "import", *map(str, arguments)], capture_output=True, text=True, timeout=600, check=False)

    def compared(self, file, inputs, outputs, *arguments):
        """What `flexor import --check` says about its model and these outputs."""
        np.save(self.folder / "inputs.npy", inputs)
        np.save(self.folder / "outputs.npy", outputs)
        ran = self.flexor(file, "--check", self.folder / "inputs.npy", "--outputs", self.folder / "outputs.npy", "--json",
                          self.folder / "check.json", *arguments)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return json.loads((self.folder / "check.json").read_text())["check"]

    def pixels(self, random, model, number, scale, zero):
        constants = {t.name for t in model.graph.initializer}
        shape = next(i for i in model.graph.input if i.name not in constants).type.tensor_type.shape
        sizes = [d.dim_value or 1 for d in shape.dim][1:]
        return (scale * (random.integers(0, 256, [number] + sizes) - zero)).astype(np.float32)

    def test_random_networks(self):
        print(f"FLEXOR_SEED={SEED}")
        worst = 0
        for number in range(LEGAL):
            random = np.random.default_rng([SEED, number])
            model = graphs.random_model(random)
            file = self.folder / "random.onnx"
            inputs = self.pixels(random, model, IMAGES, 1 / 255, 0)
            outputs = run_onnx(model, inputs)
            if random.random() < 0.2:
                onnx.save(model, file, save_as_external_data=True, location=f"weights{number}.data", size_threshold=0)
            else:
                onnx.save(model, file)
            with self.subTest(number=number):
                check = self.compared(file, inputs, outputs)
                self.assertLess(check["mean_share"], 0.02, check)
                self.assertLess(check["worst_share"], 0.1, check)
                worst = max(worst, check["worst_share"])
        print(f"{LEGAL} networks, worst difference {100 * worst:.2f} % of the outputs' range")

    def test_a_changed_weight_is_seen(self):
        random = np.random.default_rng(7)
        model = graphs.random_model(random)
        onnx.save(model, self.folder / "as_it_is.onnx")
        inputs = self.pixels(random, model, IMAGES, 1 / 255, 0)
        outputs = run_onnx(model, inputs)
        last = max(i for i, t in enumerate(model.graph.initializer) if len(t.dims) == 2)
        weights = numpy_helper.to_array(model.graph.initializer[last]).copy()
        weights.view(np.uint32)[0, 0] ^= 1 << 30  # one bit of the exponent
        model.graph.initializer[last].CopyFrom(numpy_helper.from_array(weights, model.graph.initializer[last].name))
        onnx.save(model, self.folder / "changed.onnx")
        self.assertLess(self.compared(self.folder / "as_it_is.onnx", inputs, outputs)["mean_share"], 0.02)
        self.assertGreater(self.compared(self.folder / "changed.onnx", inputs, outputs)["worst_share"], 0.1)

    def residual(self, name, words, quantised=True):
        """Class agreement on 1,000 random inputs; returns what the check says."""
        file = shared(name)
        random = np.random.default_rng(SEED)
        model = onnx.load(file)
        constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        first = next(n for n in model.graph.node if n.op_type in ("Quant", "QuantizeLinear") and n.input[0] not in constants)
        scale = float(constants[first.input[1]])
        zero = 128 if first.op_type == "Quant" else float(constants[first.input[2]])
        inputs = self.pixels(random, model, 1000, scale, zero)
        outputs = run_onnx(graphs.standard(model), inputs)
        check = self.compared(file, inputs, outputs)
        print(f"FLEXOR_SEED={SEED} {name}: {check}, classes {np.bincount(outputs.argmax(1), minlength=10)}")
        self.assertGreaterEqual(check["class_agreement"], 99)
        self.assertLess(check["mean_share"], words)

    def test_residual_of_one_bit(self):
        self.residual("qonnx_bin.onnx", 0.02)

    def test_residual_of_eight_bits(self):
        self.residual("qonnx_int8.onnx", 0.02)

    def test_residual_of_qdq(self):
        self.residual("residual-qdq-u8s8.onnx", 0.1)

    def test_one_bit_words_are_equal(self):
        file = shared("TFC_1W1A.onnx")
        random = np.random.default_rng(SEED)
        model = onnx.load(file)
        inputs = self.pixels(random, model, 1000, 1 / 255, 0)
        check = self.compared(file, inputs, run_onnx(graphs.standard(model), inputs))
        self.assertEqual(check["equal"], check["words"])

    def test_float_networks_of_torch(self):
        for name in ("residual-float-opset13.onnx", "float_dyn.onnx", "residual-float-symbolic-batch.onnx"):
            file = shared(name)
            model = onnx.load(file)
            inputs = self.pixels(np.random.default_rng(SEED), model, 100, 1 / 255, 0)
            self.assertLess(self.compared(file, inputs, run_onnx(model, inputs))["mean_share"], 0.01, name)

    def test_operators_of_integers_are_refused(self):
        ran = self.flexor(shared("residual-qoperator-refuse.onnx"))
        self.assertEqual(ran.returncode, 2)
        self.assertIn("QDQ", ran.stderr)

    def test_illegal_networks(self):
        print(f"FLEXOR_SEED={SEED}")
        for number in range(ILLEGAL):
            random = np.random.default_rng([SEED, 1000 + number])
            model = graphs.random_model(random)
            what, content = mutate(random, model, number)
            file = self.folder / "illegal.onnx"
            file.write_bytes(content)
            ran = self.flexor(file, "--check", "--images", 1)
            with self.subTest(number=number, what=what):
                self.assertEqual(ran.returncode, 2, f"{what}: {ran.stdout}{ran.stderr}")
                self.assertTrue(ran.stderr.startswith("flexor: ") and ran.stderr.count("\n") == 1, ran.stderr)


def mutate(random, model, number):
    """One thing wrong: its name, and the bytes of the file."""
    nodes = model.graph.node
    weighty = [n for n in nodes if n.op_type in ("Conv", "Gemm", "MatMul")]
    node = weighty[int(random.integers(len(weighty)))]
    conv = next(n for n in nodes if n.op_type == "Conv")
    kind = number % 15
    if kind == 0:
        node.op_type = str(random.choice(["Sigmoid", "ConvTranspose", "LRN", "Resize", "LSTM", "Nonsense"]))
    elif kind == 1:
        node.input[0] = "nowhere"
    elif kind == 2:
        conv.attribute.append(helper.make_attribute("group", 2))
    elif kind == 3:
        del next(a for a in conv.attribute if a.name == "kernel_shape").ints[:]
    elif kind == 4:
        del model.graph.initializer[:]
    elif kind == 5:
        tensor = model.graph.initializer[0]
        tensor.dims[0] += 1
    elif kind == 6:
        model.graph.output[0].name = "nothing"
    elif kind == 7:
        model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    elif kind == 8:
        nodes[0].output[0] = nodes[-1].output[0]
    elif kind == 9:
        return "cut", model.SerializeToString()[:int(random.integers(1, 200))]
    elif kind == 10:
        conv.attribute.append(helper.make_attribute("dilations", [2, 2]))
        conv.attribute.append(helper.make_attribute("group", 3))
    elif kind == 11:
        node.domain = "com.microsoft"
    elif kind == 12:
        weights = next(t for t in model.graph.initializer if t.name == conv.input[1])
        values = numpy_helper.to_array(weights).copy()
        values.flat[0] = np.nan
        weights.CopyFrom(numpy_helper.from_array(values, weights.name))
    elif kind == 13:
        weights = next(t for t in model.graph.initializer if t.name == conv.input[1])
        weights.ClearField("float_data")
        weights.raw_data = b""
    else:
        conv.attribute.append(helper.make_attribute("auto_pad", "NONSENSE"))
        del next(a for a in conv.attribute if a.name != "auto_pad").ints[:]
    return f"mutation {kind}", model.SerializeToString()


if __name__ == "__main__":
    unittest.main()
