// Package stored has no code, only tests of the commands on runs that older
// versions have left, as users have them: each is resumed to the bytes that its own
// version would have reached, and asked by predict, compare, export and serve. What
// is stored, and how it was made, nets/run/testdata/format2/README.md says.
package stored
