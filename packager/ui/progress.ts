import ora from 'ora';
import type { Io } from '../io.ts';
import { formatSeconds } from './format.ts';

/** How a step tells what it is doing, while it does it. */
export type Tell = (detail: string) => void;

/** The only place that prints progress; times of all steps are kept for the report. */
export class Progress {
  readonly steps: { label: string; ms: number }[] = [];
  readonly #io: Io;
  /** The running step, on a terminal. It makes way for whatever else is printed. */
  readonly #spinner: ReturnType<typeof ora>;

  constructor(io: Io) {
    this.#io = io;
    const { terminal } = io;
    this.#spinner = ora({
      ...(terminal && { stream: terminal }),
      isEnabled: terminal !== null,
      isSilent: terminal === null,
      // It would take Ctrl-C from the terminal.
      discardStdin: false,
    });
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
    this.#spinner.start(label);
    try {
      const result = await work((detail) => this.#show(`${label}: ${detail}`));
      const ms = this.#io.now() - began;
      this.steps.push({ label, ms });
      const words = describe(result);
      this.#spinner.stop();
      this.line(`✓ ${label}${words ? `: ${words}` : ''} (${formatSeconds(ms)})`);
      return result;
    } catch (error) {
      this.#spinner.stop();
      this.line(`✗ ${label}`);
      throw error;
    }
  }

  warn(text: string): void {
    this.line(`! ${text}`);
  }

  /** A line that stays. */
  line(text: string): void {
    this.#io.stderr(`${text}\n`);
  }

  #show(text: string): void {
    const [first = ''] = text.split('\n');
    // On one line of the terminal, with the spinner: builders have long ones.
    this.#spinner.text = first.slice(0, (this.#io.terminal?.columns ?? 80) - 3);
  }
}
