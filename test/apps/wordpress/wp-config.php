<?php
/* Configuration of the WordPress under test: SQLite unless the environment names a server. */

define('DB_ENGINE', getenv('DB_ENGINE') ?: 'sqlite');
define('DB_DIR', getenv('DB_DIR') ?: __DIR__ . '/wp-content/database');
define('DB_FILE', getenv('DB_FILE') ?: 'wordpress.sqlite');

define('DB_NAME', getenv('DB_NAME') ?: 'wordpress');
define('DB_USER', getenv('DB_USER') ?: 'wordpress');
define('DB_PASSWORD', getenv('DB_PASSWORD') ?: '');
define('DB_HOST', getenv('DB_HOST') ?: 'localhost');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');

foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {
    define("{$name}_KEY", hash('sha256', "$name key of a site under test"));
    define("{$name}_SALT", hash('sha256', "$name salt of a site under test"));
}

// No request leaves the machine, and the site never waits for a request to itself.
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('DISALLOW_FILE_MODS', true);
define('WP_DEBUG', false);

$table_prefix = 'wp_';

defined('ABSPATH') || define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
