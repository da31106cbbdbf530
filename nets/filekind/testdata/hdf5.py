"""Saves a small model in the older whole-model format, and its weights alone, as Keras 3 does.

    python3 -m venv VENV && VENV/bin/pip install keras==3.15.1 tensorflow-cpu==2.21.0
    VENV/bin/python hdf5.py .
"""
import sys
import keras as k

model = k.Sequential([k.Input((2, 2, 1)), k.layers.Flatten(), k.layers.Dense(2, "softmax")])
model.save(sys.argv[1] + "/older.h5")
model.save_weights(sys.argv[1] + "/model.weights.h5")
