"""PyTorch: nn.Sequential, its own Adam; the fastest of its memory formats and Adams for this network.

torch.compile is left out: on the machines that it was tried on it was no faster for either network, and it needs a C++
compiler.
"""
import itertools, os, re

from common import batch, channels_first, data, fastest, need, net, np, serve, starts, threads, weights

[torch] = need("torch")
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(threads)
images, labels = data()
w = weights()
X = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
Y = torch.from_numpy(labels.astype(np.int64))


class FlattenHWC(nn.Module):
    """Free for channels-last memory, where nn.Flatten would copy."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def load(layer, name, kernel=None):
    kernel = w[name + ".kernel"] if kernel is None else kernel
    order = (3, 2, 0, 1) if kernel.ndim == 4 else (1, 0)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(kernel.transpose(order).copy()))
        layer.bias.copy_(torch.from_numpy(w[name + ".bias"].copy()))
    return layer


def dense(name, kernel=None):
    i, o = w[name + ".kernel"].shape
    return load(nn.Linear(i, o), name, kernel)


def conv(name):
    side, _, i, o = w[name + ".kernel"].shape
    return load(nn.Conv2d(i, o, side), name)


def network(layout):
    if net == "mlp":
        return nn.Sequential(nn.Flatten(), dense("dense"), nn.ReLU(), dense("dense_1"))
    convs = [conv("conv2d"), nn.ReLU(), conv("conv2d_1"), nn.ReLU()]
    if layout == "channels-last":
        rest = [FlattenHWC(), dense("dense"), nn.ReLU(), dense("dense_1")]
        return nn.Sequential(*convs, *rest).to(memory_format=torch.channels_last)
    rest = [nn.Flatten(), dense("dense", channels_first(w["dense.kernel"], images)), nn.ReLU(), dense("dense_1")]
    return nn.Sequential(*convs, *rest)


layouts = {"mlp": ["default"], "cnn": ["NCHW", "channels-last"]}[net]
adams = {"for-loop": {"foreach": False}, "foreach": {"foreach": True}}
if tuple(int(n) for n in torch.__version__.split(".")[:2]) >= (2, 4):
    adams["fused"] = {"fused": True}  # before, on GPUs only


def trainer(layout, adam):
    model = network(layout)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-7, **adams[adam])
    rows, [settings], t = starts(images), optimizer.param_groups, itertools.count(1)

    def step():
        i = next(rows)
        # PyTorch's epsilon stands beside the corrected second moment, Keras's and ours beside the uncorrected one.
        settings["eps"] = 1e-7 / (1 - 0.999 ** next(t)) ** 0.5
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(X[i : i + batch]), Y[i : i + batch])
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def predictor(layout, traced, b):
    model, x = network(layout).eval(), X[:b]
    if traced:
        model = torch.jit.optimize_for_inference(torch.jit.trace(model, x))

    def run():
        with torch.inference_mode():
            return torch.softmax(model(x), 1)

    return run


def predict(b):
    makers = {(l, t): lambda l=l, t=t: predictor(l, t, b) for l in layouts for t in (False, True)}
    return makers[fastest(makers)]()


def blas():
    """The libraries that multiply matrices: Debian's PyTorch is as fast as the one that the system has."""
    if "BLAS_INFO=mkl" in torch.__config__.show():
        return "MKL"
    try:
        with open("/proc/self/maps") as f:
            paths = set(re.findall(r"/\S*blas\S*\.so\S*", f.read()))
    except OSError:
        return "of an unknown name"
    return " ".join(sorted({os.path.basename(os.path.dirname(path)) for path in paths})) or "of an unknown name"


makers = {(l, a): lambda l=l, a=a: trainer(l, a) for l in layouts for a in adams}
layout, adam = fastest(makers)
serve(torch.__version__, f"{layout} memory, {adam} Adam, BLAS {blas()}", makers[layout, adam](), predict)
