import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = `<?php
// A page as a template engine makes it: many small pieces, 50 KB in all.
$rows = [];
for ($i = 0; $i < 400; $i++) {
    $rows[] = ['id' => $i, 'name' => 'Article ' . $i, 'price' => $i * 1.25];
}
echo '<!doctype html><title>List</title><table>';
foreach ($rows as $row) {
    echo '<tr class="', $row['id'] % 2 ? 'odd' : 'even', '"><td>', $row['id'], '</td><td>',
        htmlspecialchars($row['name'] . ' <new>'), '</td><td>',
        number_format($row['price'], 2), ' EUR</td><td>In stock, delivery in two days</td></tr>';
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
