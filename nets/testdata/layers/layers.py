"""Asks the real Keras what layers compute, for TestLayersAreKeras.

    python layers.py FOLDER

FOLDER has asked.json and asked.safetensors: networks of ours as their configs, each with an element type, and by "ID/..." the
images, the weights in our order, and the direction: the factors of the linear functional of the output of which gradients are
wanted. What Keras says is put beside them, in answered.json (an error, if there is one, and the weights' names) and answered.safetensors: the output in
inference and in training, and after training the gradients of the functional by the images and by each weight, and the states,
the weights that are not trained.
"""
import json, os, sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import keras as k
import numpy as np
import tensorflow as tf
from safetensors.numpy import load_file, save_file

tf.get_logger().setLevel("ERROR")
folder = sys.argv[1]
tensors = load_file(os.path.join(folder, "asked.safetensors"))
answers, out = {}, {}


def put(key, value, like):
    out[key] = np.ascontiguousarray(value, like.dtype)


def answer(id, asked):
    k.config.set_floatx(asked["dtype"])
    model = k.models.model_from_json(asked["config"].replace('"float32"', '"%s"' % asked["dtype"]))
    model = k.Model(model.inputs, model.layers[-1].input)  # without the softmax
    images, direction = tensors[f"{id}/images"], tensors[f"{id}/direction"]
    weights = [v for name in asked["layers"] for v in model.get_layer(name).weights]
    names = [f"{name}.{v.name}" for name in asked["layers"] for v in model.get_layer(name).weights]
    for name, v in zip(names, weights):
        v.assign(tensors[f"{id}/weight/{name}"])
    put(f"{id}/inference", model(images, training=False), images)
    if not asked["training"]:
        return {"weights": names}
    x = tf.convert_to_tensor(images)
    trained = [v for layer in model.layers for v in layer.trainable_weights]
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x, training=True)
        loss = tf.reduce_sum(tf.reshape(y, direction.shape) * direction) + sum(model.losses)
    grads = tape.gradient(loss, [x] + [v.value for v in trained], unconnected_gradients=tf.UnconnectedGradients.ZERO)
    put(f"{id}/training", y, images)
    put(f"{id}/loss", np.reshape(loss, [1]), images)
    put(f"{id}/gradient/images", tf.convert_to_tensor(grads[0]), images)
    for name, v in zip(names, weights):
        at = [i for i, t in enumerate(trained) if t is v]
        if at:
            put(f"{id}/gradient/{name}", tf.convert_to_tensor(grads[1 + at[0]]), images)
        else:
            put(f"{id}/state/{name}", v, images)
    return {"weights": names}


for id, asked in json.load(open(os.path.join(folder, "asked.json"))).items():
    try:
        answers[id] = answer(id, asked)
    except Exception as e:
        answers[id] = {"error": f"{type(e).__name__}: {e}"[:1000]}
    k.backend.clear_session()
save_file(out, os.path.join(folder, "answered.safetensors"))
json.dump(answers, open(os.path.join(folder, "answered.json"), "w"))
