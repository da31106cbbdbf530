"""What Keras's callbacks make of series of a metric, for keras_test.go.

usage: python3 keras_callbacks.py < SERIES > RESULTS
Both have a JSON object a line. SERIES: callback, its settings, metric and values, one an epoch; NaN is null.
RESULTS: stopped (the epoch after which training ended, from 1; 0 is none), best (its epoch), wait, rates and saved epochs.
"""
import json, math, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras


class Model(keras.Sequential):
    saved = ()

    def save_weights(self, path, overwrite=True):
        self.saved += (int(path.split(".")[0]),)


model = Model([keras.Input((1,)), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.SGD(), loss="mse", metrics=["accuracy"], run_eagerly=True)
model.train_on_batch(keras.ops.zeros((1, 1)), keras.ops.zeros((1, 1)))  # has the metrics built, whose direction auto asks for

for line in sys.stdin:
    series = json.loads(line)
    values = [math.nan if v is None else v for v in series["values"]]
    plateau = series["callback"] == "ReduceLROnPlateau"
    callback = getattr(keras.callbacks, series["callback"])(monitor=series["metric"], **series["settings"])
    callback.set_model(model)
    model.stop_training, model.saved = False, ()
    if plateau:
        model.optimizer.learning_rate = 1.0
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {series["metric"]: value})
        rates.append(float(model.optimizer.learning_rate) if plateau else 1.0)
        if model.stop_training:
            break
    verdict = {"stopped": len(rates) if model.stop_training else 0, "wait": getattr(callback, "wait", 0)}
    if series["callback"] == "EarlyStopping" and callback.best is not None:
        verdict["best"] = callback.best_epoch + 1
    if plateau:
        verdict["rates"] = rates
    print(json.dumps(verdict | {"saved": model.saved}))
