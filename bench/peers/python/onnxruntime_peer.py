"""ONNX Runtime: prediction only, of a graph that the package onnx writes."""
import sys

from common import channels_first, data, need, net, np, serve, threads, weights

ort, onnx = need("onnxruntime", "onnx")
from onnx import TensorProto, helper, numpy_helper

if net not in ("mlp", "cnn"):  # whose graphs nodes knows
    serve(ort.__version__, "no graph of this network")
    sys.exit()
images, labels = data()
w = weights()
if net == "cnn":
    w["dense.kernel"] = channels_first(w["dense.kernel"], (64, 24, 24))
w = {name: np.ascontiguousarray(a.transpose(3, 2, 0, 1) if a.ndim == 4 else a) for name, a in w.items()}
X = images.transpose(0, 3, 1, 2)  # one channel: the same memory


def nodes():
    layers = [("Conv", "conv2d"), ("Relu", ""), ("Conv", "conv2d_1"), ("Relu", "")] if net == "cnn" else []
    layers += [("Flatten", ""), ("Gemm", "dense"), ("Relu", ""), ("Gemm", "dense_1"), ("Softmax", "")]
    value = "image"
    for n, (kind, name) in enumerate(layers):
        result = "probabilities" if n == len(layers) - 1 else f"value_{n}"
        inputs = [value, name + ".kernel", name + ".bias"] if name else [value]
        yield helper.make_node(kind, inputs, [result])
        value = result


def model():
    graph = helper.make_graph(
        list(nodes()),
        net,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", *X.shape[1:]])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 10])],
        [numpy_helper.from_array(a, name) for name, a in w.items()],
    )
    # An old format: any runtime of the last years reads it.
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


options = ort.SessionOptions()
options.intra_op_num_threads = threads
options.inter_op_num_threads = 1
session = ort.InferenceSession(model().SerializeToString(), options, providers=["CPUExecutionProvider"])


def predict(b):
    x = np.ascontiguousarray(X[:b])
    return lambda: session.run(None, {"image": x})[0]


serve(ort.__version__, "graph written by onnx " + onnx.__version__, predict=predict)
