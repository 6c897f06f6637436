import type { Socket } from 'node:net';
import { ProductError } from '../errors.ts';
import type { NativeAddon } from '../native.ts';
import { Channel, type ChannelShape, type SlotUser } from './channel.ts';
import { PhpStartError } from './failure.ts';
import { type LogRecord, readLogPipe } from './log.ts';
import { Zygote, type ZygoteOptions } from './zygote.ts';

export interface SupervisorListener<User extends SlotUser> {
  /** A new memory, whose zygote has just been started. */
  onStart(channel: Channel<User>): void;
  /**
   * The zygote and all its workers are gone, or (channel null) it could not be started; the
   * next follows after a pause.
   */
  onDeath(channel: Channel<User> | null, reason: string): void;
  onNews(): void;
  onRecord(record: LogRecord): void;
  onLine(line: string, pid: number): void;
}

/** A zygote that lived this long was sound: its successor starts at once. */
const SOUND_AFTER_MS = 10_000;
const MAX_BACK_OFF_MS = 5_000;
/** One that has come up was killed by something; visitors wait for the next: 0.8 seconds. */
const MAX_FAILURES_IF_READY = 4;
/** How long the output of a dead zygote is read on when somebody keeps it open. */
const OUTPUT_GRACE_MS = 1_000;
/** Lines kept to explain a failed start. */
const KEPT_LINES = 20;

/** Keeps one zygote with its channel alive: starts it again, on a fresh memory. */
export class Supervisor<User extends SlotUser> {
  readonly #addon: NativeAddon;
  readonly #shape: ChannelShape;
  readonly #php: ZygoteOptions;
  readonly #listener: SupervisorListener<User>;
  #current: { zygote: Zygote; channel: Channel<User>; log: Socket } | null = null;
  #startedAt = 0;
  /** The current one has come up. */
  #isReady = false;
  #failures = 0;
  #restart: NodeJS.Timeout | null = null;
  #isClosed = false;
  #lines: string[] = [];
  #startup = Promise.withResolvers<void>();
  #hasBeenReady = false;

  constructor(
    addon: NativeAddon,
    shape: ChannelShape,
    php: ZygoteOptions,
    listener: SupervisorListener<User>,
  ) {
    this.#addon = addon;
    this.#shape = shape;
    this.#php = php;
    this.#listener = listener;
    this.#startup.promise.catch(() => {}); // for those who do not ask
  }

  /** Resolves after the first module startup; rejects with PhpStartError if it fails. */
  get ready(): Promise<void> {
    return this.#startup.promise;
  }

  get pid(): number {
    return this.#current?.zygote.pid ?? 0;
  }

  /** Never throws: what keeps PHP from starting now may be over at the next try. */
  start(): void {
    this.#restart = null;
    this.#startedAt = performance.now();
    this.#lines = [];
    this.#isReady = false;
    let channel: Channel<User> | null = null;
    try {
      this.#php.prepare?.();
      channel = this.#openChannel();
      this.#launch(channel);
    } catch (error) {
      // No descriptors, memory or disk space left.
      channel?.native.close();
      const code = error instanceof ProductError ? `${error.code}: ` : '';
      const reason = code + (error instanceof Error ? error.message : String(error));
      this.#startup.reject(new PhpStartError(reason, []));
      this.#listener.onDeath(null, reason);
      this.#scheduleRestart();
    }
  }

  #openChannel(): Channel<User> {
    const channel = new Channel<User>(this.#addon, this.#shape, () => {
      if (!this.#isReady && channel.isReady()) this.#onReady();
      this.#listener.onNews();
    });
    return channel;
  }

  #launch(channel: Channel<User>): void {
    const lines = this.#lines;
    const zygote = new Zygote(this.#addon, this.#php, channel, {
      onLine: (line, pid) => {
        if (lines.length < KEPT_LINES) lines.push(line);
        this.#listener.onLine(line, pid);
      },
      onExit: (reason) => this.#onExit(reason),
    });
    const log = readLogPipe(channel.native.takeLogReader(), (record) =>
      this.#listener.onRecord(record),
    );
    this.#current = { zygote, channel, log };
    this.#listener.onStart(channel);
  }

  /** Ends everything; `isHard`: without waiting for idle workers to leave. */
  async close(isHard: boolean): Promise<void> {
    this.#isClosed = true;
    if (this.#restart) clearTimeout(this.#restart);
    this.#startup.reject(new PhpStartError('closed before it was ready', this.#lines));
    const zygote = this.#current?.zygote;
    await (isHard ? zygote?.kill() : zygote?.stop());
  }

  /** Ends the zygote, whose memory makes no sense any more; the next one starts anew. */
  replace(): void {
    void this.#current?.zygote.kill();
  }

  #onReady(): void {
    this.#isReady = true;
    this.#hasBeenReady = true;
    this.#startup.resolve();
  }

  #onExit(reason: string): void {
    const { zygote, channel, log } = this.#current!;
    this.#current = null;
    channel.native.close();
    // The log ends by itself when nobody holds its pipe; a script's daemon might.
    setTimeout(() => log.destroy(), OUTPUT_GRACE_MS).unref();
    void this.#reportOutput(zygote, reason);
    this.#listener.onDeath(channel, reason);
    this.#scheduleRestart();
  }

  async #reportOutput(zygote: Zygote, reason: string): Promise<void> {
    const lines = this.#lines;
    await zygote.outputEnd(OUTPUT_GRACE_MS);
    if (!this.#hasBeenReady) this.#startup.reject(new PhpStartError(reason, lines));
  }

  #scheduleRestart(): void {
    if (this.#isClosed) return;
    const wasSound = performance.now() - this.#startedAt >= SOUND_AFTER_MS;
    this.#failures = wasSound ? 0 : this.#failures + 1;
    if (this.#isReady) this.#failures = Math.min(this.#failures, MAX_FAILURES_IF_READY);
    const pauseMs = wasSound ? 0 : Math.min(50 * 2 ** this.#failures, MAX_BACK_OFF_MS);
    this.#restart = setTimeout(() => this.start(), pauseMs);
  }
}
