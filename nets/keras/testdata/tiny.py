"""Saves a small model as Keras 3 does, and writes its weights and what it says of some images beside it.

    python3 -m venv VENV && VENV/bin/pip install keras==3.15.1 h5py==3.16.0 numpy==2.4.6 scipy
    KERAS_BACKEND=numpy VENV/bin/python tiny.py .

tiny.keras is the model. tiny.json has each tensor that a reader must find in it, with its shape and its elements (the
shortest decimals that restore the float32), images (5,7,6,2) and probabilities (5,4). The model has the kinds of layers of
the notebook's networks, a dropout, and an optimizer.
"""
import json, sys
import keras as k
import numpy as np

k.utils.set_random_seed(7)
l = k.layers
normal = {"bias_initializer": "random_normal"}
model = k.Sequential([k.Input((7, 6, 2)), l.Conv2D(3, 3, activation="relu", **normal), l.Conv2D(5, 2, activation="relu", **normal),
                      l.Flatten(), l.Dense(4, "relu", **normal), l.Dropout(0.5), l.Dense(4, "relu", **normal),
                      l.Dense(4, "softmax", **normal)])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.optimizer.build(model.trainable_variables)
model.save(sys.argv[1] + "/tiny.keras")

images = np.random.default_rng(7).random((5, 7, 6, 2), dtype=np.float32)
plain = lambda a: {"shape": a.shape, "values": [float(str(x)) for x in np.asarray(a).ravel()]}
tensors = {"images": images, "probabilities": model.predict(images, verbose=0)}
for layer in model.layers:
    for v in layer.trainable_variables:
        tensors[f"layers/{layer.name}/{v.name}"] = k.ops.convert_to_numpy(v)
with open(sys.argv[1] + "/tiny.json", "w") as f:
    f.write(",\n".join(json.dumps({name: plain(a)})[1:-1] for name, a in tensors.items()).join(["{", "}\n"]))
