"""What the peers share: the data, the weights, the clock and the wire.

A peer is `python3 NAME_peer.py JOB`, where JOB is JSON: net, batch, threads, the paths of images, labels, weights and
the network's config, and the choice of a way to train, if it was made before. It says one line of JSON, {"ready": true,
...} or {"missing": why}, and then answers each line of stdin, {"do": "train", "steps": n}, "check", which trains
without dropout from the first weights, or {"do": "predict", "batch": b, "steps": n}, by one line with the seconds of
every step.
"""
import gc, gzip, importlib, itertools, json, os, statistics, sys, time

wire = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)  # a framework that prints must not break the protocol

job = json.loads(sys.argv[1])
net, batch, threads = job["net"], job["batch"], job["threads"]

# Some thread pools take a thread for every core that they may run on, and know no other setting.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def say(**answer):
    wire.write(json.dumps(answer) + "\n")


def need(*modules):
    """The modules, imported; without them the peer is missing, and ends."""
    try:
        return [importlib.import_module(m) for m in modules]
    except (ImportError, OSError) as e:  # OSError: a shared library that is not there
        say(missing=str(e))
        sys.exit()


[np] = need("numpy")


def idx(path, header):
    """The bytes of an IDX file after its header."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        return np.frombuffer(f.read(), np.uint8, offset=header)


def data():
    """Images (N,H,W,1) in 0..1 and labels (N)."""
    with (gzip.open if job["images"].endswith(".gz") else open)(job["images"], "rb") as f:
        height, width = np.frombuffer(f.read(16), ">i4")[2:]
    images = idx(job["images"], 16).reshape(-1, height, width, 1).astype(np.float32) / 255
    return images, idx(job["labels"], 8).astype(np.int32)


def weights():
    """Names to arrays, of a safetensors file: Dense (I,O), Conv2D (K,K,C,F)."""
    with open(job["weights"], "rb") as f:
        header = json.loads(f.read(int.from_bytes(f.read(8), "little")))
        body = f.read()
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(body[slice(*t["data_offsets"])], np.float32).reshape(t["shape"])
        for name, t in header.items()
    }


def network():
    """The layers of the network, of Keras's config of it: class, settings, and the names of those whose outputs each takes."""
    with open(job["config"]) as f:
        config = json.load(f)
    layers, before = [], None
    for layer in config["config"]["layers"]:
        settings = layer["config"]
        if config["class_name"] == "Functional":
            inputs = histories(layer["inbound_nodes"])
        else:
            inputs = [] if before is None else [before]
        before = settings["name"]
        layers.append((layer["class_name"], settings, inputs))
    return layers


def histories(value):
    """The names of the layers whose outputs a Functional model's layer is called with."""
    if isinstance(value, list):
        return [name for v in value for name in histories(v)]
    if not isinstance(value, dict):
        return []
    if value.get("class_name") == "__keras_tensor__":
        return [value["config"]["keras_history"][0]]
    return [name for v in value.values() for name in histories(v)]


def channels_first(kernel, shape):
    """The kernel (H*W*C,O) of the dense layer behind features of a shape (C,H,W), for features in that order."""
    channels, height, width = shape
    return kernel.reshape(height, width, channels, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)


def starts(images):
    """The first rows of the whole batches in the file's order, for ever."""
    return itertools.cycle(range(0, len(images) // batch * batch, batch))


def timed(step, n):
    """The seconds of n steps, and what they returned."""
    seconds, results = [], []
    for _ in range(n):
        began = time.perf_counter()
        results.append(step())
        seconds.append(time.perf_counter() - began)
    return seconds, results


def fastest(makers):
    """The name of the maker whose steps are the fastest, in turns of five as far as three seconds reach."""
    if job.get("choice") in makers:
        return job["choice"]
    if len(makers) == 1:
        return next(iter(makers))
    steps = {name: make() for name, make in makers.items()}
    for step in steps.values():
        timed(step, 2)  # what is compiled or allocated at the first step
    seconds = {name: [] for name in steps}
    end = time.perf_counter() + 3
    while time.perf_counter() < end:
        for name, step in steps.items():
            seconds[name] += timed(step, 5)[0]
    return min(seconds, key=lambda name: statistics.median(seconds[name]))


def peak():
    """The most memory in bytes that the process has had since forget_peak; 0 where the system does not say."""
    try:
        with open("/proc/self/status") as f:
            return next(1024 * int(line.split()[1]) for line in f if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return 0


def forget_peak():
    """What was read and tried before counts no more."""
    gc.collect()
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
    except OSError:
        pass


def serve(version, setup, choice="", train=None, check=None, predict=None):
    """Answer commands until stdin ends.

    train() does a step and returns its loss; check() returns such a function for the network without dropout;
    predict(batch) returns a function that returns the probabilities of the first rows of the data.
    """
    can = [name for name, f in (("train", train), ("predict", predict)) if f]
    forget_peak()
    say(ready=True, version=version, threads=threads, setup=setup, choice=choice, can=can)
    predictors = {}
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "predict":
            b = command["batch"]
            if b not in predictors:
                predictors[b] = predict(b)
            seconds, results = timed(predictors[b], command["steps"])
            say(seconds=seconds, probabilities=np.asarray(results[-1], np.float64).ravel().tolist())
        else:
            seconds, losses = timed(check() if command["do"] == "check" else train, command["steps"])
            say(seconds=seconds, losses=losses, peak=peak())
