import { prune as pruneDataDir } from '../payload/prune.ts';
import { install } from '../product.ts';
import { type Command, installOptions } from './context.ts';

export const prune: Command = async (context) => {
  const installation = await install(context.product, installOptions(context));
  const pruned = await pruneDataDir(installation.addon(), installation.dataDir);
  for (const version of pruned.versions) context.write(`app/${version}\n`);
  for (const binary of pruned.binaries) context.write(`bin/${binary}\n`);
  return 0;
};
