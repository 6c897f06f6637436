import { install } from '../product.ts';
import { type Command, installOptions } from './context.ts';

/** For installation scripts and images: the first start then has nothing left to do. */
export const extract: Command = async (context) => {
  const { appRoot } = await install(context.product, installOptions(context));
  context.write(`${appRoot}\n`);
  return 0;
};
