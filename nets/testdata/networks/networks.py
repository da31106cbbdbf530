"""The named networks in Keras, with the names that layers have here.

    KERAS_BACKEND=tensorflow python networks.py FOLDER

writes, for each of them on MNIST's images, its summary (NAME.txt) and its config
(NAME.json). A network's weights here are those of Keras's layers of the same names:

    model = networks.resnet((28, 28, 1), 10)
    model.get_layer("conv2d_3").kernel
"""
import contextlib
import os
import sys

os.environ["COLUMNS"] = "80"

import keras
from keras import layers


def started(name):
    """Names begin anew, as each network here has its own."""
    keras.utils.clear_session()
    return name


def chain(name, shape, *all):
    x = image = keras.Input(shape, name="image")
    for layer in all:
        x = layer(x)
    return keras.Model(image, x, name=name)


def lenet5(shape, classes):
    return chain(
        started("lenet5"), shape,
        layers.Conv2D(6, 5, padding="same", activation="tanh"),
        layers.AveragePooling2D(2),
        layers.Conv2D(16, 5, activation="tanh"),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(120, activation="tanh"),
        layers.Dense(84, activation="tanh"),
        layers.Dense(classes, activation="softmax"),
    )


def convnet(shape, classes):
    return chain(
        started("convnet"), shape,
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(classes, activation="softmax"),
    )


def convolve(x, filters, side, strides=1):
    x = layers.Conv2D(filters, side, strides=strides, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    return layers.BatchNormalization()(x)


def vgg(shape, classes):
    name = started("vgg")
    image = keras.Input(shape, name="image")
    x = image
    for filters in 32, 64:
        for _ in range(2):
            x = layers.ReLU()(convolve(x, filters, 3))
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(128, activation="relu")(x)
    return keras.Model(image, layers.Dense(classes, activation="softmax")(x), name=name)


def residual(x, filters, strides):
    y = layers.ReLU()(convolve(x, filters, 3, strides))
    y = convolve(y, filters, 3)
    if strides > 1:
        x = convolve(x, filters, 1, strides)
    return layers.ReLU()(layers.Add()([x, y]))


def resnet(shape, classes):
    name = started("resnet")
    image = keras.Input(shape, name="image")
    x = layers.ReLU()(convolve(image, 16, 3))
    for stage, filters in enumerate([16, 32, 64]):
        x = residual(x, filters, 2 if stage else 1)
        x = residual(x, filters, 1)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(classes, activation="softmax")(x), name=name)


if __name__ == "__main__":
    for make in lenet5, convnet, vgg, resnet:
        model = make((28, 28, 1), 10)
        with open(os.path.join(sys.argv[1], model.name + ".txt"), "w") as f:
            with contextlib.redirect_stdout(f):
                model.summary()
        with open(os.path.join(sys.argv[1], model.name + ".json"), "w") as f:
            f.write(model.to_json())
