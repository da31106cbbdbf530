package train

// Size is size.
var Size = size
