"""What onnxruntime says of images, for onnx_test.go.

usage: python3 run_onnx.py MODEL.onnx BATCH... < IMAGES > SCORES
IMAGES are float32 (N,28,28,1), SCORES for each BATCH the float32 logits (N,classes) and then probabilities (N,classes).
"""
import sys
import numpy as np, onnxruntime as ort

session = ort.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
images = np.frombuffer(sys.stdin.buffer.read(), "<f4").reshape(-1, 28, 28, 1)
for batch in map(int, sys.argv[2:]):
    parts = [session.run(["logits", "probabilities"], {"image": images[i:i + batch]}) for i in range(0, len(images), batch)]
    for scores in zip(*parts):
        sys.stdout.buffer.write(np.concatenate(scores).astype("<f4").tobytes())
