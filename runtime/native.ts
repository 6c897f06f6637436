/**
 * The only file that loads channel.node (native/channel), and the types of what is in it.
 */
import { constants } from 'node:os';

/** Shared memory and descriptors between this process and one zygote. */
export interface NativeChannel {
  /** The shared memory. Stays valid after close(), for writes that are under way. */
  readonly memory: ArrayBuffer;
  /** What the zygote inherits as descriptors 3, 4, 5, 6 (layout.h). */
  readonly descriptors: readonly [number, number, number, number];
  /** Reading end of the log's socket, once; the caller closes it. */
  takeLogReader(): number;
  /**
   * Closes the zygote's ends in this process, and the descriptor of the memory; call it after
   * the spawn.
   */
  closeChildEnds(): void;
  /** Wakes one process that waits on the futex at this byte offset. */
  wake(offset: number): void;
  /**
   * Overwrites what a request left in its slot: both heads, and of the rings as much as
   * `bodyBytes` and `responseBytes` filled. -1: unknown.
   */
  wipe(slot: number, bodyBytes: number, responseBytes: number): void;
  /** Sends `fd` (-1: nothing, the request is gone) over `replyFd` and closes `replyFd`. */
  answer(replyFd: number, fd: number): void;
  /** Closes all descriptors and stops all callbacks. Any number of times. */
  close(): void;
}

export interface NativeAddon {
  /**
   * `onNews`: the bitmap of news is not empty, or somebody rang the doorbell. `onHandover`:
   * a worker asks for a request body; every call must be answered once. Both run from the
   * event loop; what they throw becomes an uncaught exception. Keeps the process alive until
   * close(). Throws an Error with `errno` and `syscall`.
   */
  Channel: new (
    bytes: number,
    onNews: () => void,
    onHandover: (slot: number, serial: number, replyFd: number) => void,
  ) => NativeChannel;
  /**
   * An executable copy in memory of the file open as `fd`, for data directories mounted
   * noexec: run or load `/proc/self/fd/<result>`. Closed by exec; the caller closes it.
   */
  memfdFromFile(fd: number, name: string): number;
  /** A descriptor of the same (also unlinked) file with an offset of its own, at 0. */
  reopenForReading(fd: number): number;
  /**
   * Writes what there is room for, without ever waiting; the number of bytes, 0 for none. For
   * sockets, and for pipes whose descriptor may block. Throws an Error with `errno` and
   * `syscall`.
   */
  writeNoWait: (fd: number, bytes: Buffer) => number;
  /** A pipe: reading end, writing end. Closed by exec; the caller closes both. */
  createPipe(): [number, number];
  /**
   * True when `fd` now holds the exclusive advisory lock of its file (until it is closed),
   * false when somebody else has it. Does not wait.
   */
  tryLock(fd: number): boolean;
  /**
   * Writes all changes of the file system that contains the open file to the disk. Blocks
   * until done. Throws an Error with `errno` and `syscall`.
   */
  syncFilesystem(fd: number): void;
  /** Gives freed memory of malloc's heap back to the system; after work that used much of it. */
  trimMemory(): void;
  /** Keeps other processes of the same user from reading this one's memory and descriptors. */
  hideMemory(): void;
}

const loaded = new Map<string, NativeAddon>();

/** Loads channel.node. Throws what dlopen says when it cannot be loaded. */
export function loadAddon(path: string): NativeAddon {
  const known = loaded.get(path);
  if (known) return known;
  const module = { exports: {} as NativeAddon };
  // RTLD_NOW: a missing symbol is an error here, not a crash later.
  process.dlopen(module, path, constants.dlopen.RTLD_NOW);
  loaded.set(path, module.exports);
  return module.exports;
}
