import type { Channel, SlotUser } from './channel.ts';
import { DONE, QUEUED, TAKEN, worker as field } from './layout.ts';
import { workerOf } from './ring.ts';

/** Looks in a row; the claim and the worker's own word are written right after each other. */
const PATIENCE = 4;

/**
 * Looks after one shared memory now and then, since a script may have written anywhere in
 * it. What a wrong word has stopped goes on: a request nobody comes for, news or a bell that
 * got lost. What cannot be right at all is named, and somebody else starts anew.
 */
export class ChannelWatch<User extends SlotUser> {
  readonly #channel: Channel<User>;
  /** By slot: how often in a row its owner did not know of it. */
  readonly #ownerless: Uint8Array;

  constructor(channel: Channel<User>) {
    this.#channel = channel;
    this.#ownerless = new Uint8Array(channel.shape.slots);
  }

  /** Null, or what is wrong, in words. */
  look(): string | null {
    const channel = this.#channel;
    const damage = channel.findDamage();
    if (damage !== null) return damage;
    for (let slot = 0; slot < channel.users.length; slot++) {
      if (!channel.users[slot]) continue;
      if (!this.#isOwned(slot)) return `the claim of slot ${slot}`;
      channel.offerAgain(slot);
      channel.advance(slot);
    }
    channel.wakeWorkers();
    return null;
  }

  /** A worker has it and looks at its clock, or is going to. */
  #isOwned(slot: number): boolean {
    const channel = this.#channel;
    const claim = channel.claimOf(slot);
    if (claim === QUEUED || claim === DONE) return true;
    const index = claim >>> 8;
    if ((claim & 255) !== TAKEN || index >= channel.shape.workers) return false;
    const owner = workerOf(index);
    const isKnown =
      channel.word(owner + field.slot) === slot + 1 &&
      channel.word(owner + field.clock) !== 0;
    this.#ownerless[slot] = isKnown ? 0 : this.#ownerless[slot]! + 1;
    return this.#ownerless[slot] < PATIENCE;
  }
}
