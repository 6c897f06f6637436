import type { PhpFailure, PhpResponseSink } from './types.ts';

/**
 * A sink that throws must not take the news of other requests with it: the error becomes
 * an uncaught exception after the current callback.
 */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

export function tellEnd(sink: PhpResponseSink): void {
  try {
    sink.onEnd();
  } catch (error) {
    throwLater(error);
  }
}

export function tellFailure(sink: PhpResponseSink, failure: PhpFailure): void {
  try {
    sink.onFailure(failure);
  } catch (error) {
    throwLater(error);
  }
}
