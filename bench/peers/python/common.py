"""What the peers share: the data, the weights, the clock and the wire.

A peer is `python3 NAME_peer.py JOB`, where JOB is JSON: net, batch, threads, and the paths of images, labels and
weights. It says one line of JSON, {"ready": true, ...} or {"missing": why}, and then answers each line of stdin,
{"do": "train", "steps": n} or {"do": "predict", "batch": b, "steps": n}, by one line with the seconds of every step.
"""
import gzip, importlib, itertools, json, os, statistics, sys, time

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


def channels_first(kernel, images):
    """The kernel (H*W*C,O) of the dense layer after the convolutions, for features in the order C,H,W."""
    height, width = images.shape[1] - 4, images.shape[2] - 4
    return kernel.reshape(height, width, -1, kernel.shape[1]).transpose(2, 0, 1, 3).reshape(kernel.shape)


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


def serve(version, setup, train=None, predict=None):
    """Answer commands until stdin ends.

    train() does a step and returns its loss; predict(batch) returns a function that returns the probabilities of the
    first rows of the data.
    """
    can = [name for name, f in (("train", train), ("predict", predict)) if f]
    say(ready=True, version=version, threads=threads, setup=setup, can=can)
    predictors = {}
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "train":
            seconds, losses = timed(train, command["steps"])
            say(seconds=seconds, losses=losses)
        else:
            b = command["batch"]
            if b not in predictors:
                predictors[b] = predict(b)
            seconds, results = timed(predictors[b], command["steps"])
            say(seconds=seconds, probabilities=np.asarray(results[-1], np.float64).ravel().tolist())
