"""Writes HDF5 files with what the reader reads and with what it refuses.

    python3 -m venv VENV && VENV/bin/pip install h5py==3.16.0 numpy==2.4.6
    VENV/bin/python kinds.py . && gzip -9n *.h5

types.h5 has a dataset of each element type. kinds.h5 has a group for each kind of structure; that of many is a tree of
two levels. latest.h5 is of HDF5's newest form.
"""
import sys
import h5py
import numpy as np

f = h5py.File(sys.argv[1] + "/types.h5", "w")
for t in "f2 f4 f8 >f4 i1 i8 u4 S3".split():
    f["types/" + t] = np.arange(6).reshape(2, 3).astype(t)
f["types/scalar"] = np.float32(0.5)
f["types/empty"] = np.zeros((0, 3), "f4")
f["types/void"] = np.void(b"ab")
f.close()
f = h5py.File(sys.argv[1] + "/kinds.h5", "w")
for i in range(400):
    f[f"many/{i:03}"] = np.float32(i)
f["attributes/x"] = np.float32(1)
for i in range(5):
    f["attributes/x"].attrs[f"name of an attribute {i}"] = "text" * 20
compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
compact.set_layout(h5py.h5d.COMPACT)
d = h5py.h5d.create(f.create_group("compact").id, b"x", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((3,)), compact)
d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.float32([1, 2, 3]))
f.create_dataset("chunked/x", data=np.float32([1, 2, 3]), chunks=(2,))
f.create_dataset("compressed/x", data=np.float32([1, 2, 3]), compression="gzip")
f.create_dataset("unwritten/x", (3,), "f4")
f["null/x"] = h5py.Empty("f4")
f["soft/x"] = h5py.SoftLink("/many/000")
f["twice/x"] = np.float32(1)
f["twice/y"] = f["twice/x"]
f["cycle/x/y"] = f.create_group("cycle")
f.create_group("none")
f.create_group("ordered", track_order=True)["x"] = np.float32(1)
f["committed/type"] = np.dtype("f4")
f["committed"].create_dataset("a", data=np.float32([1]), dtype=f["committed/type"])
f["/".join("abcdefghijklmnopqrs")] = np.float32(1)
f["long/" + 300 * "x"] = np.float32(1)
f.close()
with h5py.File(sys.argv[1] + "/latest.h5", "w", libver="latest") as f:
    f["layers/x"] = np.float32([1, 2])
