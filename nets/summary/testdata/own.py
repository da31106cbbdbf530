# Prints Keras's (3.15.1) own summary of a network with layers of one's own, one of
# them made of layers, and one frozen:
#   python3 own.py >own.txt
import os
os.environ["CUDA_VISIBLE_DEVICES"], os.environ["TF_CPP_MIN_LOG_LEVEL"] = "-1", "3"
import keras
from keras import layers

class LeakyScale(layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(name="scale", shape=(shape[-1],))
    def call(self, x):
        return keras.ops.leaky_relu(x * self.scale)

class MLPBlock2D(layers.Layer):
    def __init__(self):
        super().__init__()
        self.one, self.two = layers.Dense(4), layers.Dense(6)
    def call(self, x):
        return self.two(self.one(x))

image = keras.Input((7, 6, 2), name="image")
x = layers.Flatten()(LeakyScale()(image))
x = LeakyScale()(layers.Dense(5)(x)) # before the blocks, whose layers Keras counts too
x = MLPBlock2D()(x)
model = keras.Model(image, MLPBlock2D()(x), name="own")
model.get_layer("leaky_scale_1").trainable = False
model.summary()
