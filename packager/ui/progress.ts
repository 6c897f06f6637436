import type { Io } from '../io.ts';
import { formatSeconds } from './format.ts';

/** How a step tells what it is doing, while it does it. */
export type Tell = (detail: string) => void;

/** The only place that prints progress; times of all steps are kept for the report. */
export class Progress {
  readonly steps: { label: string; ms: number }[] = [];
  readonly #io: Io;
  #line = '';

  constructor(io: Io) {
    this.#io = io;
  }

  /**
   * Runs `work` as a step; `work` returns what the line at its end says beside the time.
   */
  async step<T>(
    label: string,
    work: (tell: Tell) => T | Promise<T>,
    describe: (result: T) => string = () => '',
  ): Promise<T> {
    const began = this.#io.now();
    this.#show(`… ${label}`);
    try {
      const result = await work((detail) => this.#show(`… ${label}: ${detail}`));
      const ms = this.#io.now() - began;
      this.steps.push({ label, ms });
      const words = describe(result);
      this.#clear();
      this.line(`✓ ${label}${words ? `: ${words}` : ''} (${formatSeconds(ms)})`);
      return result;
    } catch (error) {
      this.#clear();
      this.line(`✗ ${label}`);
      throw error;
    }
  }

  warn(text: string): void {
    this.line(`! ${text}`);
  }

  /** A line that stays. */
  line(text: string): void {
    const running = this.#line;
    this.#clear();
    this.#io.stderr(`${text}\n`);
    if (running) this.#io.stderr((this.#line = running));
  }

  #show(text: string): void {
    if (!this.#io.isTerminal) return;
    this.#clear();
    const [first = ''] = text.split('\n');
    // Shorter than any terminal: a line that wraps could not be taken back.
    this.#io.stderr((this.#line = first.slice(0, 79)));
  }

  #clear(): void {
    if (this.#line) this.#io.stderr('\r\x1b[2K');
    this.#line = '';
  }
}
