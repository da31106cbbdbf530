// Package everylayer has no code, only tests that walk each registered layer through all
// that a layer must do: table_test.go has the layers, stages_test.go what each is held
// to. A layer that is registered and not in the table fails by its name.
package everylayer
