package data

// known are the titles of published data, by the SHA-256 of their training images,
// as they are published and without gzip; Fashion-MNIST's also as Debian's package
// dataset-fashion-mnist has them.
// Recipe: sha256sum train-images-idx3-ubyte.gz; zcat train-images-idx3-ubyte.gz | sha256sum
var known = map[string]string{
	publishedSums[0]: "MNIST",
	"ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db": "MNIST",
	"3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84": FashionMNIST,
	"b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7": FashionMNIST,
	"c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888": FashionMNIST,
}

// FashionMNIST is the title of the data of that name.
const FashionMNIST = "Fashion-MNIST"

// Published is the title of published data, by the SHA-256 of a file of theirs, in
// lower-case hex; empty for other files.
func Published(sha256 string) string { return known[sha256] }

// Title is what a person calls the data: their published name, or their folder.
func (d *Dataset) Title() string {
	for _, f := range d.Files {
		if title := Published(f.SHA256); title != "" {
			return title
		}
	}
	return d.Dir
}
