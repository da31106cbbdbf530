"""What the peers of Keras share: our network, read from its config, with our weights."""
import keras
from common import job, weights


def model(dropout=True):
    with open(job["config"]) as f:
        made = keras.models.model_from_json(f.read())
    made.layers[-1].activation = keras.activations.linear  # the loss takes logits, as ours does
    w = weights()
    for layer in made.layers:
        layer.set_weights([w[f"{layer.name}.{v.name}"] for v in layer.weights])
        if not dropout and hasattr(layer, "rate"):
            layer.rate = 0.0
    return made


def adam(variables):
    optimizer = keras.optimizers.Adam(1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7)
    optimizer.build(variables)
    return optimizer


loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
