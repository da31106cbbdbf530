// Package command is cmd/serve: trained models behind HTTP.
//
//	scan.go, decode.go   requests: JSON with bounds
//	encode.go            answers
//	api.go               routes: Open Inference Protocol v2, TensorFlow Serving, metrics
//	body.go, guard.go    what protects the server from its clients, and browsers from other sites
//	connections.go       who is connected, and for what; who goes when there is no room
//	admit.go             who is heard when, of those who ask the page; what is told of the others
//	server.go            a server's life
//	command.go           flags and signals
//	page.go              where the web page plugs in
//
// [Run] is the command as a function of its context, arguments and streams;
// tests run it in-process. [Main] is the process around it.
package command
