import { workerCount } from '../config/effective.ts';
import type { BudgetSize } from '../http/budget.ts';
import { appConfig, type ConfigKey } from '../../contract/config.ts';
import { flatten } from '../../contract/schema.ts';
import { type Installation, install } from '../product.ts';
import { type Command, installOptions } from './context.ts';
import { frontBudget } from './front-budget.ts';

/** Shows what serve and php-cli would run with, and where each value comes from. */
export const config: Command = async (context) => {
  const isJson = context.arguments.flags.has('json');
  const installation = await install(context.product, installOptions(context));
  const report = describe(installation, context.env);
  context.write(isJson ? `${JSON.stringify(report, null, 2)}\n` : asText(report));
  return 0;
};

interface Report {
  name: string;
  paths: Record<string, string>;
  config: Record<string, { value: unknown; origin: string }>;
  workers: number;
  /** What clients may make the server hold. */
  front: BudgetSize;
  /** What PHP gets beside the caller's environment. */
  env: Record<string, string>;
  ini: string;
}

function describe(installation: Installation, caller: NodeJS.ProcessEnv): Report {
  const { config: values, origins, dataDir, dataDirOrigin } = installation;
  const entries = [...flatten(appConfig, values)].map(([key, value]) => {
    return [key, { value, origin: origins.get(key as ConfigKey) ?? 'binary' }] as const;
  });
  const env = Object.entries(installation.env).filter(([k, v]) => caller[k] !== v);
  return {
    name: installation.name,
    paths: {
      app: installation.appRoot,
      data: dataDir,
      'data origin': dataDirOrigin,
      var: installation.variableRoot,
      php: installation.php.command,
      'php.ini': installation.iniFile,
    },
    config: Object.fromEntries(entries),
    workers: workerCount(values.workers.count),
    front: frontBudget(installation),
    env: Object.fromEntries(env),
    ini: installation.iniText,
  };
}

function asText(report: Report): string {
  const lines = [report.name, '', 'paths'];
  for (const [name, path] of Object.entries(report.paths)) {
    lines.push(`  ${name.padEnd(12)} ${path}`);
  }
  lines.push('', 'configuration');
  for (const [key, { value, origin }] of Object.entries(report.config)) {
    const note = origin === 'binary' ? '' : `   (${origin})`;
    lines.push(`  ${key} = ${JSON.stringify(value)}${note}`);
  }
  const { memoryBytes, spoolBytes, maxConnections } = report.front;
  lines.push(
    '',
    `workers: ${report.workers}`,
    `memory for clients: ${asMib(memoryBytes)} MiB, on disk ${asMib(spoolBytes)} MiB`,
    `connections: ${maxConnections}`,
  );
  lines.push('', 'environment of PHP, beside yours');
  for (const [name, value] of Object.entries(report.env)) {
    lines.push(`  ${name}=${value}`);
  }
  lines.push('', 'php.ini', ...report.ini.trimEnd().split('\n').map(indent), '');
  return lines.join('\n');
}

function asMib(bytes: number): number {
  return Math.floor(bytes / 2 ** 20);
}

function indent(line: string): string {
  return `  ${line}`;
}
