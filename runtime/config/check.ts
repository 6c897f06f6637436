import { check, type Fault } from '../../contract/check.ts';
import { type AppConfig, appConfig } from '../../contract/config.ts';
import { configFaults } from '../../contract/faults.ts';
import { ProductError } from '../errors.ts';

/**
 * The configuration a manifest carries, complete and valid. Throws PHPACK_E_CONFIG with
 * every fault found, not only the first.
 */
export function checkConfig(value: unknown): AppConfig {
  const faults = check(appConfig, value).map(sentenceOf);
  const config = value as AppConfig;
  if (faults.length === 0) faults.push(...configFaults(config));
  if (faults.length === 0) return config;
  throw new ProductError('PHPACK_E_CONFIG', `configuration: ${faults.join('; ')}`);
}

function sentenceOf(fault: Fault): string {
  const key = fault.key || 'all of it';
  if (fault.kind === 'wrong') return `${key} must be ${fault.wanted}`;
  return fault.kind === 'unfit' ? `${key}: ${fault.why}` : `${key} is ${fault.kind}`;
}
