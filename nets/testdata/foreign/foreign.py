"""Writes the weights of a small network as PyTorch and as Keras have them, and what these say of some images.

    python3 -m venv VENV && VENV/bin/pip install torch==2.15.0 keras==3.15.1 tensorflow-cpu==2.21.0 safetensors==0.8.0
    VENV/bin/python foreign.py torch .
    VENV/bin/python foreign.py keras .

FRAMEWORK.safetensors is written as README.md says; FRAMEWORK-scores.safetensors has images (5,7,6,2) and logits (5,4).
The network is foreign in foreign_test.go: two convolutions of sides 3 and 2, and three dense layers, two of one shape.
"""
import os, sys
import numpy as np

framework, out = sys.argv[1:]
rng = np.random.default_rng(7)
images = rng.random((5, 7, 6, 2), dtype=np.float32)
path = lambda name: os.path.join(out, name)

def torch():
    import torch as t
    from safetensors.torch import save_file
    t.manual_seed(7)
    n = t.nn
    model = n.Sequential(n.Conv2d(2, 3, 3), n.ReLU(), n.Conv2d(3, 5, 2), n.ReLU(), n.Flatten(), n.Linear(60, 4), n.ReLU(),
                         n.Dropout(), n.Linear(4, 4), n.ReLU(), n.Linear(4, 4)).eval()
    save_file(model.state_dict(), path("torch.safetensors"))
    return model(t.tensor(images.transpose(0, 3, 1, 2))).detach().numpy()

def keras():
    import keras as k
    from safetensors.numpy import save_file
    k.utils.set_random_seed(7)
    l = k.layers
    dense = [l.Dense(4, "relu", bias_initializer="random_normal") for _ in range(2)]
    model = k.Sequential([k.Input((7, 6, 2)), l.Conv2D(3, 3, activation="relu", bias_initializer="random_normal"),
                          l.Conv2D(5, 2, activation="relu", bias_initializer="random_normal"), l.Flatten(), *dense,
                          l.Dense(4, bias_initializer="random_normal")])
    save_file({v.path: k.ops.convert_to_numpy(v) for v in model.weights}, path("keras.safetensors"))
    return model.predict(images, verbose=0)

from safetensors.numpy import save_file
logits = {"torch": torch, "keras": keras}[framework]()
save_file({"images": images, "logits": np.ascontiguousarray(logits)}, path(framework + "-scores.safetensors"))
