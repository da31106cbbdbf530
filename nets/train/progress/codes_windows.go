package progress

import "golang.org/x/sys/windows"

// enableCodes makes a console understand escape codes, and reports whether it
// does: the older console of Windows shows them as rubbish until asked.
func enableCodes(fd uintptr) bool {
	var mode uint32
	console := windows.Handle(fd)
	if windows.GetConsoleMode(console, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
