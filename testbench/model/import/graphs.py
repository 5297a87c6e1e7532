# SPDX-License-Identifier: Apache-2.0
"""Random networks as ONNX files: legal chains of the operators that flexor imports, as exporters write them."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Builder:
    """A graph in the making; every layer appends nodes behind `value`, an image of `shape` [C, H, W]."""

    def __init__(self, random):
        self.random = random
        self.nodes, self.initializers, self.number = [], [], 0
        self.opset = int(random.choice([11, 13, 17, 20]))
        self.value = "input"
        self.shape = [int(random.integers(1, 4)), int(random.integers(7, 17)), int(random.integers(7, 17))]
        self.input_shape = list(self.shape)
        self.steps = []

    def name(self, kind):
        self.number += 1
        return f"/net/{kind}_{self.number}"

    def constant(self, values, kind="constant"):
        name = self.name(kind)
        values = np.asarray(values)
        if self.random.random() < 0.5:
            tensor = numpy_helper.from_array(values, name)
        else:
            tensor = helper.make_tensor(name, helper.np_dtype_to_tensor_dtype(values.dtype), values.shape, values.flatten().tolist())
        self.initializers.append(tensor)
        return name

    def node(self, kind, inputs, **attributes):
        output = self.name(kind.lower())
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output + "_node", **attributes))
        self.value = output
        return output

    def convolution(self, channels, kernel, stride=1, relu=True, normalise=None):
        """Conv, perhaps with bias, perhaps BatchNormalization, perhaps Relu."""
        inputs = self.shape[0]
        spread = np.sqrt(2.0 / (inputs * kernel * kernel))
        weights = self.random.normal(0, spread, [channels, inputs, kernel, kernel]).astype(np.float32)
        arguments = [self.value, self.constant(weights, "weight")]
        if self.random.random() < 0.5:
            arguments.append(self.constant(self.random.normal(0, 0.1, channels).astype(np.float32), "bias"))
        attributes = {"kernel_shape": [kernel, kernel], "strides": [stride, stride]}
        padding = kernel // 2
        if stride == 1 and self.random.random() < 0.3:
            attributes["auto_pad"] = "SAME_UPPER"
        else:
            padding = padding if self.random.random() < 0.8 or min(self.shape[1:]) < 2 * kernel else 0
            attributes["pads"] = [padding] * 4
        self.node("Conv", arguments, **attributes)
        self.shape = [channels] + [(side + 2 * padding - kernel) // stride + 1 for side in self.shape[1:]]
        if normalise if normalise is not None else self.random.random() < 0.5:
            self.normalisation(channels)
        if relu:
            self.rectifier()

    def normalisation(self, channels):
        gain = self.random.uniform(0.5, 1.5, channels) * self.random.choice([1, 1, 1, -1], channels)
        parameters = [gain, self.random.normal(0, 0.3, channels), self.random.normal(0, 0.3, channels), self.random.uniform(0.5, 2, channels)]
        self.node("BatchNormalization", [self.value] + [self.constant(p.astype(np.float32), "norm") for p in parameters], epsilon=1e-5)

    def rectifier(self):
        if self.random.random() < 0.8:
            self.node("Relu", [self.value])
        else:
            self.node("Clip", [self.value, self.constant(np.float32(0)), self.constant(np.float32(6))])

    def pool(self):
        kernel = int(self.random.choice([2, 2, 3]))
        if min(self.shape[1:]) < kernel + 1:
            return
        kind = str(self.random.choice(["MaxPool", "MaxPool", "AveragePool"]))
        self.node(kind, [self.value], kernel_shape=[kernel, kernel], strides=[kernel, kernel])
        self.shape = [self.shape[0]] + [(side - kernel) // kernel + 1 for side in self.shape[1:]]

    def residual(self):
        """Two convolutions and a shortcut: as it is, through a 1x1 convolution, or by every second pixel and channels of zeros."""
        begin, shape = self.value, list(self.shape)
        kind = str(self.random.choice(["same", "projection", "option A"]))
        channels = shape[0] if kind == "same" else 2 * shape[0]
        stride = 2 if kind == "option A" and min(shape[1:]) >= 4 else 1
        padded = self.random
        self.random = _Padded(padded)
        self.convolution(channels, 3, stride)
        self.convolution(channels, 3, 1, relu=False)
        self.random = padded
        main, result = self.value, list(self.shape)
        self.value, self.shape = begin, shape
        if kind == "projection":
            self.convolution(channels, 1, 1, relu=False)
        elif kind == "option A":
            if stride == 2:
                ends = self.constant(np.array([2**62, 2**62], np.int64))
                self.node("Slice", [self.value, self.constant(np.array([0, 0], np.int64)), ends,
                                    self.constant(np.array([2, 3], np.int64)), self.constant(np.array([2, 2], np.int64))])
            front = (channels - shape[0]) // 2
            self.node("Pad", [self.value, self.constant(np.array([0, front, 0, 0, 0, channels - shape[0] - front, 0, 0], np.int64))])
        operands = [main, self.value] if self.random.random() < 0.5 else [self.value, main]
        self.node("Add", operands)
        self.shape = result
        self.node("Relu", [self.value])

    def end(self, classes):
        """Flattening or a mean, and a dense layer in one of its forms."""
        form = int(self.random.integers(0, 4))
        features = int(np.prod(self.shape))
        if form == 0:
            self.node("GlobalAveragePool", [self.value])
            features = self.shape[0]
        if form in (0, 1):
            self.node("Flatten", [self.value], axis=1)
        elif form == 2:
            self.node("Reshape", [self.value, self.constant(np.array([1, features], np.int64))])
        else:
            self.node("Shape", [self.value])
            self.flatten_by_shape(self.nodes[-2].output[0])
        weights = self.random.normal(0, 1 / np.sqrt(features), [features, classes]).astype(np.float32)
        bias = self.constant(self.random.normal(0, 0.1, classes).astype(np.float32), "bias")
        if self.random.random() < 0.5:
            self.node("Gemm", [self.value, self.constant(np.ascontiguousarray(weights.T), "weight"), bias], transB=1)
        else:
            self.node("MatMul", [self.value, self.constant(weights, "weight")])
            self.node("Add", [self.value, bias])

    def flatten_by_shape(self, image):
        shape = self.value
        first = self.node("Gather", [shape, self.constant(np.int64(0))], axis=0)
        axes = {"axes": [0]} if self.opset < 13 else {}
        inputs = [first] if self.opset < 13 else [first, self.constant(np.array([0], np.int64))]
        self.node("Unsqueeze", inputs, **axes)
        self.node("Concat", [self.value, self.constant(np.array([-1], np.int64))], axis=0)
        self.node("Reshape", [image, self.value])

    def model(self):
        batch = "N" if self.random.random() < 0.3 else 1
        graph_input = helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch] + self.input_shape)
        output = helper.make_tensor_value_info(self.value, TensorProto.FLOAT, None)
        inputs = [graph_input]
        if self.random.random() < 0.3:
            inputs += [helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in self.initializers]
        graph = helper.make_graph(self.nodes, "random", inputs, [output], self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        return model


class _Padded:
    """Draws that always pad, so that both ways of a residual block have the same size."""

    def __init__(self, random):
        self.inner = random

    def random(self):
        return 0.5

    def __getattr__(self, name):
        return getattr(self.inner, name)


def random_model(random):
    """A network of one to four parts and a dense layer."""
    builder = Builder(random)
    builder.convolution(int(random.integers(4, 13)), int(random.choice([1, 3, 5])))
    for _ in range(int(random.integers(0, 4))):
        kind = int(random.integers(0, 4))
        if kind == 0:
            builder.pool()
        elif kind == 1 and min(builder.shape[1:]) >= 3:
            builder.residual()
        else:
            builder.convolution(int(random.integers(4, 17)), int(random.choice([1, 3])), int(random.choice([1, 1, 2])))
    builder.end(int(random.integers(3, 11)))
    return builder.model()


def standard(model):
    """The same network with QONNX's quantisers written as standard operators, for runtimes that know no others."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    del made.graph.node[:]
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}

    def add(kind, inputs, output, **attributes):
        made.graph.node.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def number(value, name):
        made.graph.initializer.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    for node in model.graph.node:
        if node.op_type not in ("Quant", "BipolarQuant"):
            made.graph.node.append(node)
            continue
        x, scale, out = node.input[0], node.input[1], node.output[0]
        if node.op_type == "BipolarQuant":
            add("GreaterOrEqual", [x, number(0, out + "_0")], out + "_above")
            add("Where", [out + "_above", number(1, out + "_1"), number(-1, out + "_m1")], out + "_sign")
            add("Mul", [out + "_sign", scale], out)
            continue
        zero = node.input[2]
        bits = int(constants[node.input[3]])
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        low, high = (-2**(bits - 1), 2**(bits - 1) - 1) if attributes["signed"] else (0, 2**bits - 1)
        low += attributes["narrow"] if attributes["signed"] else 0
        add("Div", [x, scale], out + "_levels")
        add("Round", [out + "_levels"], out + "_rounded")
        add("Add", [out + "_rounded", zero], out + "_shifted")
        add("Clip", [out + "_shifted", number(low, out + "_low"), number(high, out + "_high")], out + "_clipped")
        add("Sub", [out + "_clipped", zero], out + "_centred")
        add("Mul", [out + "_centred", scale], out)
    del made.opset_import[:]
    made.opset_import.append(helper.make_opsetid("", max([12] + [o.version for o in model.opset_import if not o.domain])))
    made.ir_version = max(made.ir_version, 8)
    return made
