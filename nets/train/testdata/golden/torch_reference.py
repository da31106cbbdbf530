"""Reference for the MLP and the CNN of the notebook, in PyTorch (Debian's python3-torch): writes an initial
model as safetensors (Keras names, NHWC / HWIO layouts) and the per-step losses that training from it must give,
so that the project can be held against a trainer that no one here wrote.

usage: /usr/bin/python3 torch_reference.py NET SEED BATCH STEPS DATA_DIR OUT_DIR [float64] [adamw=DECAY] [smoothing=E] [l2=F]
writes OUT_DIR/NET-SEED-BATCH.safetensors and OUT_DIR/NET-SEED-BATCH.json {"losses": [...], "val_accuracy": ...}
With float64 all arithmetic is in it, from the same float32 initial weights, and the JSON is NET-SEED-BATCH-float64.json.
Batches are the training set in file order, no shuffle, the last one may be short; loss = mean cross-entropy;
Adam is Keras's (epsilon-hat 1e-7 on the uncorrected second moment), lr 1e-3, beta 0.9 / 0.999.
With adamw=DECAY the optimizer is torch.optim.AdamW (Kingma's epsilon, 1e-7), whose DECAY is of the kernels alone; smoothing
is torch's label_smoothing, l2 adds F times the sum of the squares of all kernels to the loss. The JSON's name tells them.
Initial kernels: one counter k = 1, 2, ... runs over the kernels' elements in model order, row-major; biases are 0.
  z = splitmix64 finaliser of (seed + k * 0x9E3779B97F4A7C15) mod 2^64;  u = (z >> 40) / 2^24
  w = float32((2u - 1) * limit),  limit = sqrt(6 / (fan_in + fan_out)), fans counted with the receptive field
"""
import gzip, json, math, os, struct, sys
import numpy as np, torch, torch.nn.functional as F

net, seed, batch, steps, data, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5], sys.argv[6]
dtype = np.float64 if "float64" in sys.argv[7:] else np.float32
extra = dict(a.split("=") for a in sys.argv[7:] if "=" in a)
decay, smoothing, l2 = (float(extra.get(k, 0)) for k in ("adamw", "smoothing", "l2"))
torch.set_num_threads(2)

def images(name):
    with gzip.open(os.path.join(data, name)) as f: return np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 28, 28, 1).astype(dtype) / 255
def labels(name):
    with gzip.open(os.path.join(data, name)) as f: return np.frombuffer(f.read(), np.uint8, offset=8).astype(np.int64)

drawn = 0
def glorot(*shape):
    global drawn
    n = int(np.prod(shape))
    receptive = int(np.prod(shape[:-2])) if len(shape) > 2 else 1
    limit = math.sqrt(6 / (receptive * (shape[-2] + shape[-1])))
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(drawn + 1, drawn + n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    drawn += n
    u = (z >> np.uint64(40)).astype(np.float64) / 2**24
    return ((2 * u - 1) * limit).astype(np.float32).reshape(shape)

shapes = {"mlp": [("dense", (784, 512)), ("dense_1", (512, 10))],
          "cnn": [("conv2d", (3, 3, 1, 32)), ("conv2d_1", (3, 3, 32, 64)), ("dense", (36864, 128)), ("dense_1", (128, 10))]}[net]
w = {}
for name, shape in shapes:
    w[name + ".kernel"] = glorot(*shape)
    w[name + ".bias"] = np.zeros(shape[-1], np.float32)

os.makedirs(out, exist_ok=True)
stem = os.path.join(out, f"{net}-{seed}-{batch}")
header, at = {}, 0
for k, v in w.items():
    header[k] = {"dtype": "F32", "shape": list(v.shape), "data_offsets": [at, at + v.nbytes]}; at += v.nbytes
h = json.dumps(header, separators=(",", ":")).encode(); h += b" " * (-len(h) % 8)
with open(stem + ".safetensors", "wb") as f:
    f.write(struct.pack("<Q", len(h))); f.write(h)
    for v in w.values(): f.write(v.tobytes())

p = {k: torch.tensor(v.astype(dtype), requires_grad=True) for k, v in w.items()}
def forward(x):
    if net == "mlp":
        h = torch.relu(x.reshape(len(x), -1) @ p["dense.kernel"] + p["dense.bias"])
    else:
        conv = lambda x, n: torch.relu(F.conv2d(x, p[n + ".kernel"].permute(3, 2, 0, 1), p[n + ".bias"]))
        h = conv(conv(x.permute(0, 3, 1, 2), "conv2d"), "conv2d_1").permute(0, 2, 3, 1).reshape(len(x), -1)
        h = torch.relu(h @ p["dense.kernel"] + p["dense.bias"])
    return h @ p["dense_1.kernel"] + p["dense_1.bias"]

X, Y = torch.tensor(images("train-images-idx3-ubyte.gz")), torch.tensor(labels("train-labels-idx1-ubyte.gz"))
XT, YT = torch.tensor(images("t10k-images-idx3-ubyte.gz")), torch.tensor(labels("t10k-labels-idx1-ubyte.gz"))
moments = {k: (torch.zeros_like(v), torch.zeros_like(v)) for k, v in p.items()}
def adam(t, lr=1e-3, b1=0.9, b2=0.999, eps=1e-7):
    alpha = lr * math.sqrt(1 - b2**t) / (1 - b1**t)
    with torch.no_grad():
        for k, v in p.items():
            m, s = moments[k]
            m.mul_(b1).add_(v.grad, alpha=1 - b1); s.mul_(b2).addcmul_(v.grad, v.grad, value=1 - b2)
            v.addcdiv_(m, s.sqrt().add_(eps), value=-alpha); v.grad = None
adamw = torch.optim.AdamW([{"params": [v for k, v in p.items() if k.endswith("kernel")], "weight_decay": decay},
                           {"params": [v for k, v in p.items() if k.endswith("bias")], "weight_decay": 0}], lr=1e-3, eps=1e-7)
losses = []
for i in range(steps):
    x, y = X[i * batch:(i + 1) * batch], Y[i * batch:(i + 1) * batch]
    if not len(x): break
    l = F.cross_entropy(forward(x), y, label_smoothing=smoothing)
    if l2: l = l + l2 * sum((v * v).sum() for k, v in p.items() if k.endswith("kernel"))
    l.backward(); losses.append(l.item())
    if "adamw" in extra: adamw.step(); adamw.zero_grad()
    else: adam(i + 1)
with torch.no_grad():
    good = sum((forward(XT[i:i + 1000]).argmax(1) == YT[i:i + 1000]).sum().item() for i in range(0, len(XT), 1000))
json.dump({"losses": losses, "val_accuracy": good / len(XT)}, open(stem + "".join("-" + k for k in extra) + ("-float64" if dtype == np.float64 else "") + ".json", "w"))
print(stem, losses[0], losses[-1], good / len(XT))
