// Package page is a page for the browser on which digits are drawn and networks
// answer while the pen moves: what they see and say, what is inside of them, the
// test images that they get wrong, and the training that may be running.
//
// The page is embedded, asks nobody but its own host, and keeps to [Policy]. It
// talks to an API below /api/, JSON both ways, whose errors are {"error": "..."}:
//
//	GET  /api/models                     networks, their history, the state of training
//	POST /api/predict                    a PNG of the pad, its grey bytes (?width=), or an image as JSON -> what each network says
//	GET  /api/draw                       a connection (WebSocket) for a hand that draws: drawings -> what each network says
//	POST /api/layers                     an image -> each layer's output, receptive field and kernels
//	POST /api/evidence                   an image -> what each class loses when a part is covered
//	GET  /api/confusion?model=           the confusion matrix over the test images
//	GET  /api/tests?model=&label=&guess= errors, or the images of one cell, the worst first
//	GET  /api/training                   server-sent events: state, step, epoch, models
//	POST /api/training/{pause,resume,stop}
//
// A drawing is prepared for each network as its training images were, as its
// configuration says; the answer has what that was.
//
// What it computes is bounded, whoever asks: half of the processors, drawings of 256
// x 256 pixels, so many requests that wait. Others are told to come again, with 503.
//
// Where the models come from and who trains is not its concern: see [Source] and
// [Training].
package page
