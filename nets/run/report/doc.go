// Package report says what a finished run has learned, and what it costs.
//
// [New] runs the model over the test images and computes a [Report]: confusion
// matrix, precision, recall and F1 of each class, the most confused pairs, the
// worst images, cost. [Report.Text] and its JSON are for a terminal and for
// programs; [Report.Write] leaves report.html, curves.svg and confusion.svg in
// the run's folder. [Write] does it all, for the end of a training command.
//
// The same run gives the same bytes: there is no clock in a report. The HTML
// holds all that it shows, needs no script and no network, and follows the
// reader's choice of light or dark.
package report
