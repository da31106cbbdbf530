"""Writes losses.json: PyTorch's values and gradients of the losses of metric
learning, in float64, for metric_test.go to be held against.

    /usr/bin/python3 torch_reference.py > losses.json     (Debian's python3-torch 1.13)

Rows are x[i,j] = sin(1 + 3·i + 7·j + i·j), not yet of length 1; the gradient is
by these. The formulas are those of the papers, written with masks.
"""
import json, math, torch
import torch.nn.functional as F

N, E, C = 12, 5, 4
LABELS = [0, 1, 2, 1, 0, 3, 2, 2, 1, 0, 0, 1]  # 3 stands alone


def rows(n, shift):
    return torch.tensor([[math.sin(shift + 3 * i + 7 * j + i * j) for j in range(E)] for i in range(n)], dtype=torch.float64, requires_grad=True)


def supcon(z, y, tau):
    s = z @ z.t() / tau
    eye = torch.eye(len(y), dtype=torch.bool)
    positive = (y[:, None] == y[None, :]) & ~eye
    log = s - torch.logsumexp(s.masked_fill(eye, -math.inf), 1, keepdim=True)
    anchors = positive.any(1)
    per = -(log * positive).sum(1)[anchors] / positive.sum(1)[anchors]
    return per.mean()


def triplet(z, y, margin):
    d = torch.cdist(z, z).pow(2)
    eye = torch.eye(len(y), dtype=torch.bool)
    same = y[:, None] == y[None, :]
    positive = same & ~eye
    p = d.masked_fill(~positive, -math.inf).max(1).values
    q = d.masked_fill(same, math.inf).min(1).values
    anchors = positive.any(1) & (~same).any(1)
    return F.relu(margin + p - q)[anchors].mean()


def cosface(z, w, y, scale, margin):
    cos = z @ F.normalize(w).t()
    return F.cross_entropy(scale * (cos - margin * F.one_hot(y, C).double()), y)


y = torch.tensor(LABELS)
out = {"labels": LABELS}
for name, loss in {
    "supcon": lambda z, w: supcon(z, y, 0.1),
    "triplet": lambda z, w: triplet(z, y, 0.2),
    "cosface": lambda z, w: cosface(z, w, y, 16.0, 0.35),
}.items():
    x, w = rows(N, 1), rows(C, 2)
    value = loss(F.normalize(x), w)
    value.backward()
    out[name] = {"loss": value.item(), "dx": x.grad.flatten().tolist()}
    if w.grad is not None:
        out[name]["dw"] = w.grad.flatten().tolist()
print(json.dumps(out))
