import { readFileSync } from 'node:fs';

/** The app's files, PHP's channel, listeners, logs. */
const RESERVED = 128;
/** A connection, a body or file on its way to or from it, and PHP's copy of that. */
const PER_CONNECTION = 3;
/** Beyond this the kernel's queue is the better place to wait. */
const MAX_CONNECTIONS = 16_384;

/**
 * Connections that can be open at once without running out of descriptors. `limits`: text
 * of /proc/self/limits; Node has raised the soft limit to the hard one.
 */
export function maxConnectionsFor(limits: string): number {
  const match = /^Max open files\s+(\d+)/m.exec(limits);
  const files = match ? Number(match[1]) : 1024;
  const possible = Math.floor((files - RESERVED) / PER_CONNECTION);
  return Math.max(64, Math.min(MAX_CONNECTIONS, possible));
}

export function findMaxConnections(): number {
  try {
    return maxConnectionsFor(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    return maxConnectionsFor('');
  }
}
