"""What Keras's training makes of networks with frozen layers, in float64, for frozen_test.go.

usage: python3 keras_frozen.py < CASES > RESULTS
Both have a JSON object a line. CASES: input, layers (class and settings, with name and trainable), weights by name, l2, decay,
images, labels and steps. RESULTS: losses of the steps, before their update, and the weights after the last.
"""
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import numpy as np
import keras

keras.config.set_floatx("float64")
for line in sys.stdin:
    case = json.loads(line)
    layers = []
    for settings in case["layers"]:
        kind = settings.pop("class")
        if kind != "Flatten" and case["l2"]:
            settings["kernel_regularizer"] = keras.regularizers.L2(case["l2"])
        layers.append(getattr(keras.layers, kind)(**settings))
    model = keras.Sequential([keras.Input(case["input"]), *layers])
    weights = {f"{layer.name}.{v.name}": v for layer in model.layers for v in layer.weights}
    for name, values in case["weights"].items():
        weights[name].assign(np.reshape(values, weights[name].shape))
    adam = keras.optimizers.AdamW(weight_decay=case["decay"]) if case["decay"] else keras.optimizers.Adam()
    if case["decay"]:
        adam.exclude_from_weight_decay(var_names=["bias"])
    adam.beta_1, adam.beta_2 = np.float64(0.9), np.float64(0.999)  # of Python's floats TensorFlow makes float32 first
    model.compile(optimizer=adam, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    images, labels = np.reshape(case["images"], [-1, *case["input"]]), np.array(case["labels"])
    losses = []
    for _ in range(case["steps"]):
        model.reset_metrics()
        losses.append(float(model.train_on_batch(images, labels)))
    print(json.dumps({"losses": losses, "weights": {k: v.numpy().ravel().tolist() for k, v in weights.items()}}), flush=True)
