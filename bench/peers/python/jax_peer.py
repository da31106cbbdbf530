"""JAX: one jitted function for the whole step, weights and moments donated, Adam by hand as Keras computes it."""
import os

os.environ["JAX_PLATFORMS"] = "cpu"
from common import batch, data, need, net, serve, starts, weights

[jax] = need("jax")
import jax.numpy as jnp
from jax import lax

images, labels = data()
X, Y = jnp.asarray(images), jnp.asarray(labels)


def dense(w, name, x):
    return x @ w[name + ".kernel"] + w[name + ".bias"]


def conv(w, name, x):
    y = lax.conv_general_dilated(x, w[name + ".kernel"], (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    return jax.nn.relu(y + w[name + ".bias"])


def loss_of(w, x, y):
    if net == "cnn":
        x = conv(w, "conv2d_1", conv(w, "conv2d", x))
    x = jax.nn.relu(dense(w, "dense", x.reshape(batch, -1)))
    log_probabilities = jax.nn.log_softmax(dense(w, "dense_1", x))
    return -jnp.take_along_axis(log_probabilities, y[:, None], 1).mean()


def adam(w, m, v, g, alpha):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    return w - alpha * m / (jnp.sqrt(v) + 1e-7), m, v


def update(state, t, i, X, Y):
    x, y = lax.dynamic_slice_in_dim(X, i, batch), lax.dynamic_slice_in_dim(Y, i, batch)
    loss, gradients = jax.value_and_grad(loss_of)({name: s[0] for name, s in state.items()}, x, y)
    alpha = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return {name: adam(*s, gradients[name], alpha) for name, s in state.items()}, loss


update = jax.jit(update, donate_argnums=0)
state = {name: (jnp.array(w), jnp.zeros(w.shape), jnp.zeros(w.shape)) for name, w in weights().items()}
t, rows = 0.0, starts(images)


def step():
    global state, t
    t += 1
    state, loss = jax.block_until_ready(update(state, t, next(rows), X, Y))
    return float(loss)


serve(jax.__version__, "jit, donated buffers", step)
