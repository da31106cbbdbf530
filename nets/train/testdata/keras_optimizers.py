"""What Keras's optimizers make of weights and gradients in float64, for optimizers_test.go.

usage: python3 keras_optimizers.py < TASK > RESULT
TASK: start (two weights, a kernel and a bias), gradients (a step: of both), rates (a step), optimizers (class and settings).
RESULT: weights (an optimizer, a step: both) and defaults (an optimizer: the config of its class without arguments).
"""
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np

keras.config.set_floatx("float64")
task = json.load(sys.stdin)
result = {"weights": [], "defaults": []}
for o in task["optimizers"]:
    kind = getattr(keras.optimizers, o["class"])
    optimizer = kind(**{name: float(v) if type(v) is int else v for name, v in o["settings"].items()})  # SGD refuses 0, which is no float
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    # A list would become float32, whatever floatx is.
    variables = [keras.Variable(np.array(v), name=name) for v, name in zip(task["start"], ["kernel", "bias"])]
    steps = []
    for gradients, rate in zip(task["gradients"], task["rates"]):
        optimizer.learning_rate = rate
        optimizer.apply([keras.ops.convert_to_tensor(np.array(g)) for g in gradients], variables)
        steps.append([v.numpy().tolist() for v in variables])
    result["weights"].append(steps)
    result["defaults"].append(kind().get_config())
json.dump(result, sys.stdout)
