"""PyTorch: its modules and its own Adam; the fastest of its memory formats and Adams for this network, compiled by
torch.compile if that is faster still.
"""
import itertools, os, re, sys

from common import batch, channels_first, data, fastest, job, need, network, np, serve, starts, threads, weights

[torch] = need("torch")
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(threads)
images, labels = data()
w = weights()
X = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
Y = torch.from_numpy(labels.astype(np.int64))


def tensor(a):
    return torch.from_numpy(np.ascontiguousarray(a))


class Same(nn.Module):
    """Keras's padding "same" before a layer, which where a stride is not 1 has more behind than before."""

    def __init__(self, settings, size, fill):
        super().__init__()
        self.size, self.strides, self.fill = size, settings["strides"], fill

    def forward(self, x):
        height, width = (max(-(-n // s) * s - s + k - n, 0) for n, k, s in zip(x.shape[2:], self.size, self.strides))
        return F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2), value=self.fill)


class Flatten(nn.Module):
    """Of features in the order of their memory: channels-last, as Keras's, needs no copy."""

    def __init__(self, layout):
        super().__init__()
        self.last = layout == "channels-last"

    def forward(self, x):
        return (x.permute(0, 2, 3, 1) if self.last else x).flatten(1)


class Sum(nn.Module):
    def forward(self, x, *others):
        for y in others:
            x = x + y
        return x


class Mean(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


activations = {  # softmax, the last, is part of the loss
    **dict.fromkeys([None, "linear", "softmax"], lambda: []),
    "relu": lambda: [nn.ReLU(inplace=True)],
    "tanh": lambda: [nn.Tanh()],
}


def filled(layer, **arrays):
    with torch.no_grad():
        for name, a in arrays.items():
            getattr(layer, name).copy_(tensor(a))
    return layer


def conv(c, kernel, bias):
    if c["dilation_rate"] != [1, 1] or c["groups"] != 1:
        raise NotImplementedError("dilated or grouped convolution")
    before, padding = [], 0
    if c["padding"] == "same" and c["strides"] == [1, 1]:
        padding = "same"
    elif c["padding"] == "same":
        before = [Same(c, c["kernel_size"], 0.0)]
    _, _, i, o = kernel.shape
    layer = nn.Conv2d(i, o, c["kernel_size"], c["strides"], padding, bias=bias is not None)
    more = {} if bias is None else {"bias": bias}
    return [*before, filled(layer, weight=kernel.transpose(3, 2, 0, 1), **more)]


def dense(kernel, bias):
    layer = nn.Linear(*kernel.shape, bias=bias is not None)
    return filled(layer, weight=kernel.T, **({} if bias is None else {"bias": bias}))


def normalization(c, x, at):
    kind = nn.BatchNorm2d if x.dim() == 4 else nn.BatchNorm1d
    layer = kind(x.shape[1], eps=c["epsilon"], momentum=1 - c["momentum"])
    return filled(layer, weight=at("gamma"), bias=at("beta"), running_mean=at("moving_mean"), running_var=at("moving_variance"))


def pool(kind, c, fill):
    if c["padding"] == "valid":
        return [kind(c["pool_size"], c["strides"])]
    if fill is None:
        raise NotImplementedError("average pooling with padding")
    return [Same(c, c["pool_size"], fill), kind(c["pool_size"], c["strides"])]


def parts(kind, c, x, flat, layout, dropout):
    """The modules that a layer of Keras's is, for an input such as x, which is a flattened one of the shape flat."""
    at = lambda name: w[f"{c['name']}.{name}"]
    bias = at("bias") if c.get("use_bias") else None
    if kind == "Conv2D":
        return conv(c, at("kernel"), bias)
    if kind == "Dense":
        return [dense(channels_first(at("kernel"), flat) if flat and len(flat) == 3 and layout == "NCHW" else at("kernel"), bias)]
    if kind == "BatchNormalization":
        return [normalization(c, x, at)]
    simple = {
        "MaxPooling2D": lambda: pool(nn.MaxPool2d, c, -float("inf")),
        "AveragePooling2D": lambda: pool(nn.AvgPool2d, c, None),
        "GlobalAveragePooling2D": lambda: [Mean()],
        "Flatten": lambda: [Flatten(layout)],
        "Dropout": lambda: [nn.Dropout(c["rate"])] if dropout else [],
        "Add": lambda: [Sum()],
        "Activation": lambda: [],
        "ReLU": activations["relu"],
    }
    if kind not in simple:
        raise NotImplementedError(f"{c['name']} is a {kind}, which torch_peer.py has no module for")
    return simple[kind]()


class Network(nn.Module):
    """Our network, of the config that Keras has of it, without the softmax at its end."""

    def __init__(self, layout, dropout=True):
        super().__init__()
        self.layers, self.plan = nn.ModuleList(), []
        values, flats = {}, {}
        layers = network()
        for kind, c, inputs in layers:
            if kind == "InputLayer":
                values[c["name"]], flats[c["name"]] = X[:2], None
                self.first = c["name"]
                continue
            inputs = inputs or [self.first]
            x = values[inputs[0]]
            modules = parts(kind, c, x, flats[inputs[0]], layout, dropout)
            modules += activations[c.get("activation")]()
            layer = modules[0] if len(modules) == 1 else nn.Sequential(*modules)
            with torch.no_grad():
                values[c["name"]] = y = layer.eval()(*(values[name] for name in inputs))
            flats[c["name"]] = tuple(x.shape[1:]) if kind == "Flatten" else None if kind == "Dense" else flats[inputs[0]]
            self.layers.append(layer)
            self.plan.append((c["name"], inputs))
        self.train()
        if layout == "channels-last":
            self.to(memory_format=torch.channels_last)

    def forward(self, x):
        values = {self.first: x}
        for layer, (name, inputs) in zip(self.layers, self.plan):
            x = values[name] = layer(*(values[i] for i in inputs))
        return x


layouts = ["NCHW", "channels-last"] if any(a.ndim == 4 for a in w.values()) else ["NCHW"]
adams = {"for-loop": {"foreach": False}, "foreach": {"foreach": True}}
if tuple(int(n) for n in torch.__version__.split(".")[:2]) >= (2, 4):
    adams["fused"] = {"fused": True}  # before, on GPUs only


def trainer(layout, adam, compiled, dropout=True):
    model = Network(layout, dropout)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-7, **adams[adam])
    rows, [settings], t = starts(images), optimizer.param_groups, itertools.count(1)
    loss_of = lambda x, y: F.cross_entropy(model(x), y)
    if compiled:
        loss_of = torch.compile(loss_of)

    def step():
        i = next(rows)
        # PyTorch's epsilon stands beside the corrected second moment, Keras's and ours beside the uncorrected one.
        settings["eps"] = 1e-7 / (1 - 0.999 ** next(t)) ** 0.5
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(X[i : i + batch], Y[i : i + batch])
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def predictor(layout, traced, b):
    model, x = Network(layout).eval(), X[:b]
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


def compiles(layout, adam):
    """Whether torch.compile has what it needs: a C++ compiler."""
    try:
        trainer(layout, adam, True)()
        return True
    except Exception as e:
        print("torch.compile:", e, file=sys.stderr)
        return False


def choose():
    """The fastest memory and Adam; then whether compiled is faster, compiling left out."""
    ways = {f"{l} memory, {a} Adam": (l, a, False) for l in layouts for a in adams}
    ways |= {f"{name}, compiled": (l, a, True) for name, (l, a, _) in ways.items()}
    made = lambda names: {name: lambda way=ways[name]: trainer(*way) for name in names}
    if job.get("choice") in ways:
        return job["choice"], ways[job["choice"]]
    best = fastest(made(name for name, way in ways.items() if not way[2]))
    if compiles(*ways[best][:2]):
        best = fastest(made([best, best + ", compiled"]))
    return best, ways[best]


choice, way = choose()
setup = f"{choice}, BLAS {blas()}"
serve(torch.__version__, setup, choice, trainer(*way), lambda: trainer(*way, dropout=False), predict)
