"""Keras on JAX: its layers, loss and Adam in one jitted step; weights, moments and statistics are donated."""
import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
from common import batch, data, need, serve, starts

jax, keras = need("jax", "keras")
import jax.numpy as jnp
from jax import lax
from keras_common import adam, loss_of, model

images, labels = data()
X, Y = jnp.asarray(images), jnp.asarray(labels)
del images


def trainer(dropout=True):
    network, rows = model(dropout), starts(labels)
    optimizer = adam(network.trainable_variables)

    def loss_and_states(trained, states, x, y):
        logits, states = network.stateless_call(trained, states, x, training=True)
        return loss_of(y, logits), states

    def update(variables, i, X, Y):
        trained, states, moments = variables
        x, y = lax.dynamic_slice_in_dim(X, i, batch), lax.dynamic_slice_in_dim(Y, i, batch)
        (loss, states), gradients = jax.value_and_grad(loss_and_states, has_aux=True)(trained, states, x, y)
        trained, moments = optimizer.stateless_apply(moments, gradients, trained)
        return (trained, states, moments), loss

    update = jax.jit(update, donate_argnums=0)
    held = (network.trainable_variables, network.non_trainable_variables, optimizer.variables)
    variables = tuple([jnp.array(v.value) for v in group] for group in held)  # copies: they are given away

    def step():
        nonlocal variables
        variables, loss = jax.block_until_ready(update(variables, next(rows), X, Y))
        return float(loss)

    return step


version = f"{keras.__version__} on JAX {jax.__version__}"
serve(version, "jit, donated buffers", train=trainer(), check=lambda: trainer(dropout=False))
