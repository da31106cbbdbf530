package filekind

import "bytes"

// What to do about the kinds that people have most.
const (
	pyTorch    = `a file of torch.save: load it in PyTorch, and write the weights with safetensors as README.md shows ("Weights from Keras and PyTorch")`
	numPy      = "NumPy's arrays: write them with safetensors.numpy.save_file as README.md shows, numbered, kernel and bias of each layer"
	savedModel = `TensorFlow's SavedModel: save the Keras model with model.save("model.keras")`
)

// signature is a kind of file by its first bytes.
type signature struct {
	is   func(start []byte) bool
	what string // it is, and what to do
}

func hasPrefix(start []byte, text string) bool { return bytes.HasPrefix(start, []byte(text)) }

// begins is for files that begin with one of these texts.
func begins(texts ...string) func([]byte) bool {
	return func(start []byte) bool {
		for _, text := range texts {
			if hasPrefix(start, text) {
				return true
			}
		}
		return false
	}
}

// at is for files that have a text at an offset.
func at(offset int, text string) func([]byte) bool {
	return func(start []byte) bool { return len(start) > offset && hasPrefix(start[offset:], text) }
}

// signatures are tried one after the other, once it is known that the file is not
// safetensors, which may begin with the same bytes.
var signatures = []signature{
	{begins("version https://git-lfs"), "a pointer of Git LFS, not the file itself: fetch that with git lfs pull"},
	{begins("\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05"), "a Python pickle: if it is " + pyTorch},
	{at(257, "ustar"), "a tar archive: unpack it, and name the file of weights in it"},
	{begins("\x1f\x8b"), "compressed with gzip: unpack it with gunzip first"},
	{begins("\x28\xb5\x2f\xfd", "\xfd7zXZ\x00", "BZh", "7z\xbc\xaf"), "compressed: unpack it first"},
	{begins("\x93NUMPY"), numPy},
	{isMarkup, "a web page, not a file of weights: what you downloaded was a page about the file; use its download link"},
	{isONNX, "an ONNX file, which is what export writes: name the weights that it was made of, safetensors or model.keras"},
	{at(4, "TFL3"), `a TensorFlow Lite file: save the Keras model that it was made of with model.save("model.keras")`},
	{begins("GGUF"), "a GGUF file, of language models: image classifiers come as safetensors or model.keras"},
	{isJSON, `a JSON text: if it is Keras's model.weights.json of a sharded model, load it with model.load_weights and save all with model.save("model.keras"); if an index of safetensors, name one file with all the weights`},
	{begins("\x89PNG", "\xff\xd8\xff", "GIF8"), "a picture, not a file of weights"},
}

// isMarkup knows HTML and XML, after spaces and a mark of byte order.
func isMarkup(start []byte) bool {
	text := bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf"))))
	return begins("<!doctype", "<html", "<head", "<?xml", "<!--")(text)
}

func isJSON(start []byte) bool { return begins("{", "[")(bytes.TrimSpace(start)) }

// isONNX knows the message that every exporter begins: the format's version as
// field 1, and then the producer's name, the operator sets or the graph.
func isONNX(start []byte) bool {
	const field1, producer, version, domain, graph, opset = 0x08, 0x12, 0x1a, 0x22, 0x3a, 0x42
	return len(start) > 3 && start[0] == field1 && start[1] > 0 && start[1] < 32 &&
		bytes.IndexByte([]byte{producer, version, domain, graph, opset}, start[2]) >= 0
}
