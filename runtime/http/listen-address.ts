import { ProductError } from '../errors.ts';

/** An entry of `http.listen`, understood. */
export type ListenAddress =
  | { kind: 'tcp'; host: string; port: number; spec: string }
  /** Every address of the machine, IPv4 and IPv6. */
  | { kind: 'any'; port: number; spec: string }
  | { kind: 'unix'; path: string; mode: number; spec: string };

/** Owner and group, as php-fpm has it: who may connect may speak for every visitor. */
const DEFAULT_MODE = 0o660;
/** What fits into sockaddr_un beside the NUL. */
const MAX_UNIX_PATH_BYTES = 107;

/** `HOST:PORT`, `[IPV6]:PORT`, `:PORT`, `unix:/PATH`, `unix:/PATH?mode=OCTAL`. */
export function parseListenAddress(spec: string): ListenAddress {
  if (spec.startsWith('unix:')) return parseUnix(spec);
  const match = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^:[\]/\s]*)):(\d{1,5})$/.exec(spec);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw invalid(spec, 'is not HOST:PORT, [IPV6]:PORT, :PORT or unix:/PATH');
  }
  const host = match[1] ?? match[2]!;
  return host === '' || host === '*'
    ? { kind: 'any', port, spec }
    : { kind: 'tcp', host, port, spec };
}

function parseUnix(spec: string): ListenAddress {
  const match = /^unix:(\/[^?\0]*[^?\0/])(?:\?mode=(0?[0-7]{3}))?$/.exec(spec);
  if (!match) throw invalid(spec, 'is not unix:/PATH or unix:/PATH?mode=0660');
  const path = match[1]!;
  if (Buffer.byteLength(path) > MAX_UNIX_PATH_BYTES) {
    throw invalid(spec, `is longer than the ${MAX_UNIX_PATH_BYTES} bytes Linux allows`);
  }
  const mode = match[2] === undefined ? DEFAULT_MODE : Number.parseInt(match[2], 8);
  return { kind: 'unix', path, mode, spec };
}

function invalid(spec: string, what: string): ProductError {
  return new ProductError('PHPACK_E_CONFIG', `The listen address ${spec} ${what}`);
}
