// A server of its own process, started by small-heap.test.ts with a small heap: it prints its
// port, and answers every request but those for /held.
import { startSite } from './site.ts';

const site = await startSite({
  config: { http: { maxHeaderBytes: 32_768 } },
  budget: { memoryBytes: 32 * 2 ** 20, maxConnections: 300 },
  php: (exchange) => {
    if (exchange.head.target !== '/held') exchange.answer(200, [], 'served');
  },
});
console.log(site.port);
