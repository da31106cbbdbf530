package data

// known are the titles of published data, by the SHA-256 of their training images,
// as they are published and without gzip.
// Recipe: zcat train-images-idx3-ubyte.gz | sha256sum
var known = map[string]string{
	publishedSums[0]: "MNIST",
	"ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db": "MNIST",
	"c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888": "Fashion-MNIST",
}

// Title is what a person calls the data: their published name, or their folder.
func (d *Dataset) Title() string {
	for _, f := range d.Files {
		if title, ok := known[f.SHA256]; ok {
			return title
		}
	}
	return d.Dir
}
