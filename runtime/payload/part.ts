import type { PayloadPart } from '../../contract/manifest.ts';
import { DamagedPart, decodePart } from '../../contract/part.ts';
import { ProductError } from '../errors.ts';
import type { OpenPayload } from './trailer.ts';

/**
 * Hands the decoded bytes of a part to `onChunk`; they count only when this resolves.
 * Throws PHPACK_E_PAYLOAD_DAMAGED, whatever `onChunk` throws, and an AbortError.
 */
export async function readPart(
  payload: OpenPayload,
  name: string,
  part: PayloadPart,
  onChunk: (chunk: Buffer) => void,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await decodePart(payload, part, onChunk, signal);
  } catch (error) {
    if (!(error instanceof DamagedPart)) throw error;
    const seen = `the ${name} part of ${payload.path} does not match its checksum`;
    throw new ProductError('PHPACK_E_PAYLOAD_DAMAGED', seen, { cause: error.cause });
  }
}
