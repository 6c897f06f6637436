import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** 500 rows of 100 bytes in 2,000 small writes: the work is output, not computation. */
const PAGE = `<?php
$name = str_repeat('n', 64);
echo '<!doctype html><title>List</title><table>';
for ($row = 100; $row < 600; $row++) {
    echo '<tr><td>', $row, '</td><td class="n">', $name, "</td></tr>\\n";
}
echo '</table>';
`;

/** Writes the site of the `plain` scenarios to a new directory below `parent`. */
export function writePlainSite(parent: string): string {
  // The last part is the product's default name.
  const site = join(mkdtempSync(join(parent, 'site-')), 'bench');
  mkdirSync(join(site, 'static'), { recursive: true });
  const files: Readonly<Record<string, string | Buffer>> = {
    'index.php': "<?php echo 'Hello, world';\n",
    'page.php': PAGE,
    'post.php': "<?php echo strlen(file_get_contents('php://input')), count($_POST);\n",
    'static/10k.css': 'a { color: red }\n'.repeat(603).slice(0, 10_240),
    'static/1m.bin': Buffer.alloc(1 << 20, 'phpack static file '),
  };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(site, name), content);
  }
  return site;
}
