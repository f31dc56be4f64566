/**
 * Keeps the ONNX runtime from writing an identity of this machine and a queue of events below the home folder, and from
 * sending them: its binaries for Linux and macOS do so unless told otherwise. It reads the variable once, when the first
 * network of a process is opened, and from the environment of the process: only its main thread can set that, so
 * whoever starts a thread that runs networks imports this, too.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1';
