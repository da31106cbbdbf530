# Prints Keras's (3.15.1) own summary of a network that branches, on terminals as wide as
# the arguments say:
#   python3 branches.py 200 80 60 >branches.txt
import os, sys
os.environ["CUDA_VISIBLE_DEVICES"], os.environ["TF_CPP_MIN_LOG_LEVEL"] = "-1", "3"
import keras
from keras import layers

image = keras.Input((28, 28, 1), name="image")
x = layers.Conv2D(16, 3, padding="same", use_bias=False)(image)
y = layers.ReLU()(layers.BatchNormalization()(x))
side = layers.Conv2D(16, 1)(image)  # nearer to the end than its place in the list
z = layers.Conv2D(16, 3, padding="same")(y)
w = layers.SeparableConv2D(16, 3, padding="same")(y)
x = layers.Add()([z, w, side, y])
x = layers.Concatenate()([x, image])
x = layers.GlobalAveragePooling2D()(x)
model = keras.Model(image, layers.Dense(10, name="a_name_that_is_longer_than_its_column")(x), name="fork")
model.layers[1].trainable = False
for columns in sys.argv[1:]:
    os.environ["COLUMNS"] = columns
    model.summary()
