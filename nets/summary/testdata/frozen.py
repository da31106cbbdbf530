# Prints Keras's (3.15.1) own summary of the notebook's network named by the argument,
# with the layers frozen that the other arguments name:
#   python3 frozen.py mlp dense >frozen-mlp.txt
#   python3 frozen.py cnn conv2d conv2d_1 >frozen-cnn.txt
import os, sys
os.environ["CUDA_VISIBLE_DEVICES"], os.environ["TF_CPP_MIN_LOG_LEVEL"] = "-1", "3"
import keras
from keras import layers

name, frozen = sys.argv[1], sys.argv[2:]
image = keras.Input((28, 28, 1), name="image")
x = image
if name == "cnn":
    x = layers.Conv2D(32, 3, activation="relu")(x)
    x = layers.Conv2D(64, 3, activation="relu")(x)
x = layers.Flatten()(x)
x = layers.Dense(128 if name == "cnn" else 512, activation="relu")(x)
model = keras.Model(image, layers.Dense(10)(x), name=name)
for layer in frozen:
    model.get_layer(layer).trainable = False
model.summary()
