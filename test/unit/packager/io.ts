import type { Io } from '../../../packager/io.ts';

export interface RecordingIo extends Io {
  out: string;
  err: string;
  interruption: AbortController;
}

/** Keeps what a command prints; its clock stands still. */
export function recordingIo(cwd = '/'): RecordingIo {
  const interruption = new AbortController();
  const io: RecordingIo = {
    out: '',
    err: '',
    interruption,
    stdout: (text) => void (io.out += text),
    stderr: (text) => void (io.err += text),
    terminal: null,
    env: {},
    cwd,
    now: () => 0,
    signal: interruption.signal,
  };
  return io;
}
