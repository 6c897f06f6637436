import { expect, test } from 'vitest';
import { Php } from './php.ts';

/**
 * What one request does, and an expression that must be the same before and after it. The
 * next request is served by the same worker, or by a fresh one when nothing else helps.
 */
const traces: [string, string, string, 'fresh'?][] = [
  [
    'putenv',
    'putenv("PHPACK_T=1"); putenv("PATH=/x");',
    '[getenv("PHPACK_T"), getenv("PATH")]',
  ],
  ['chdir', 'chdir("/");', 'getcwd() === __DIR__'],
  [
    'chdir at the very end',
    'register_shutdown_function(fn() => chdir("/"));',
    'getcwd() === __DIR__',
  ],
  [
    'setlocale',
    'setlocale(LC_ALL, "C"); setlocale(LC_ALL, ["C.UTF-8", "C.utf8"]);',
    'setlocale(LC_ALL, 0)',
  ],
  ['umask', 'umask(0);', 'umask()'],
  [
    'ini_set',
    'ini_set("precision", 3); ini_set("memory_limit", -1);',
    '[ini_get("precision"), ini_get("memory_limit"), 1/3]',
  ],
  [
    'time zone',
    'date_default_timezone_set("Asia/Tokyo");',
    'date_default_timezone_get()',
  ],
  ['encoding', 'mb_internal_encoding("EUC-JP");', 'mb_internal_encoding()'],
  [
    'handlers',
    'set_error_handler(fn() => true); set_exception_handler(fn() => 1);',
    '[set_error_handler(null), set_exception_handler(null)]',
  ],
  ['autoloaders', 'spl_autoload_register(fn() => 1);', 'count(spl_autoload_functions())'],
  [
    'definitions',
    'define("PHPACK_T", 1); function phpack_t() {} class PhpackT { static $x = 1; }',
    '[defined("PHPACK_T"), function_exists("phpack_t"), class_exists("PhpackT")]',
  ],
  [
    'globals',
    '$GLOBALS["t"] = 1; $_SERVER["T"] = 1; $_GET["t"] = 1; $_COOKIE["t"] = 1;',
    '[isset($GLOBALS["t"]), isset($_SERVER["T"]), $_GET, $_COOKIE]',
  ],
  ['output buffers', 'ob_start(); ob_start();', 'ob_get_level()'],
  [
    'headers',
    'header("X-T: 1"); http_response_code(404);',
    '[headers_list(), http_response_code()]',
  ],
  [
    'stream wrappers',
    'stream_wrapper_unregister("file");',
    'in_array("file", stream_get_wrappers())',
  ],
  ['assertions', '@assert_options(ASSERT_WARNING, 0);', 'ini_get("assert.warning")'],
  ['ticks', 'declare(ticks=1); register_tick_function(fn() => 1);', '1'],
  [
    'files',
    '$GLOBALS["f"] = fopen(__FILE__, "r"); $d = opendir("/");',
    'count(glob("/proc/self/fd/*"))',
  ],
  [
    'error state',
    '@$x++; json_decode("{"); preg_match("/(?:\\\\D+|<\\\\d+>)*[!?]/", ' +
      'str_repeat("f", 99999));',
    '[error_get_last(), json_last_error(), preg_last_error()]',
  ],
  ['time limit', 'set_time_limit(7);', 'ini_get("max_execution_time")'],
  ['abort rule', 'ignore_user_abort(true);', 'ignore_user_abort()'],
  [
    'gettext',
    'textdomain("phpack"); bindtextdomain("phpack", "/tmp"); bindtextdomain("messages", "/");',
    '[textdomain(null), bindtextdomain("phpack", null), bindtextdomain("messages", null)]',
  ],
  [
    'gettext’s character set',
    'bind_textdomain_codeset("phpack", "UTF-8");',
    'bind_textdomain_codeset("phpack", null)',
    'fresh',
  ],
  ['errors of openssl', 'openssl_pkey_get_private("x");', 'openssl_error_string()'],
  ['errors of posix', 'posix_kill(1 << 22, 0);', 'posix_get_last_error()'],
  [
    'errors of sockets',
    '@socket_bind(socket_create(AF_INET, SOCK_STREAM, 0), "192.0.2.1");',
    'socket_last_error()',
  ],
  ['errors of pcntl', '@pcntl_wait($s);', 'pcntl_get_last_error()'],
  ['errors of intl', 'numfmt_create("en", 77);', 'intl_get_error_code()'],
  ['errors of dates', 'date_create("nonsense");', 'date_get_last_errors()'],
  [
    'errors of mysqli',
    'mysqli_report(0); @mysqli_connect("127.0.0.1", "x", "x", "x", 1);',
    '[mysqli_connect_errno(), mysqli_connect_error(), (new mysqli_driver)->report_mode]',
  ],
  [
    'errors of libxml',
    'libxml_use_internal_errors(true); simplexml_load_string("<");',
    '[libxml_get_errors(), libxml_get_last_error(), libxml_use_internal_errors()]',
  ],
  [
    'loaders of libxml',
    'libxml_set_external_entity_loader(fn () => null); ' +
      'libxml_set_streams_context(stream_context_create(["http" => ["header" => "A: 1"]]));',
    'libxml_get_external_entity_loader()',
  ],
  ['signals', 'pcntl_async_signals(true);', 'pcntl_async_signals()'],
  [
    'contexts of streams',
    'stream_context_set_default(["http" => ["header" => "A: 1"]]);',
    'stream_context_get_options(stream_context_get_default())',
  ],
  [
    'filters and wrappers of streams',
    'class F extends php_user_filter {} stream_filter_register("t", "F"); ' +
      'stream_wrapper_register("t", "F");',
    '[stream_get_filters(), stream_get_wrappers()]',
  ],
  [
    'multibyte settings',
    'mb_language("ja"); mb_substitute_character(0x3f); mb_detect_order("SJIS"); ' +
      'mb_http_output("SJIS"); mb_regex_encoding("SJIS");',
    '[mb_language(), mb_substitute_character(), mb_detect_order(), mb_http_output(), ' +
      'mb_regex_encoding(), mb_get_info()]',
  ],
  [
    'options of regular expressions',
    'mb_regex_set_options("xi");',
    'mb_regex_set_options()',
    'fresh',
  ],
  [
    'locale of intl',
    'Locale::setDefault("ja_JP"); ini_set("intl.error_level", 1);',
    '[Locale::getDefault(), ini_get("intl.error_level")]',
  ],
  [
    'precision',
    'bcscale(7); @iconv_set_encoding("internal_encoding", "SJIS");',
    '[bcscale(), iconv_get_encoding()]',
  ],
  [
    'URL rewriting',
    'output_add_rewrite_var("t", "1"); ob_start();',
    'ob_list_handlers()',
  ],
  [
    'session settings',
    'session_name("T"); session_set_cookie_params(7); session_cache_limiter("public"); ' +
      'session_save_path("/tmp"); session_module_name("files"); ' +
      'class H extends SessionHandler {} session_set_save_handler(new H);',
    '[session_name(), session_get_cookie_params(), session_cache_limiter(), ' +
      'session_save_path(), session_module_name(), session_id()]',
  ],
  [
    'temporary directory',
    'putenv("TMPDIR=/var"); sys_get_temp_dir();',
    '[sys_get_temp_dir(), getenv("TMPDIR")]',
  ],
  [
    'time zone of the environment',
    'putenv("TZ=Asia/Tokyo"); localtime();',
    'exec("date +%Z") . date("T")',
  ],
  [
    'languages of the environment',
    'putenv("LC_ALL=ja_JP.UTF-8"); putenv("LANG=ja_JP.UTF-8"); Locale::getDefault(); ' +
      'putenv("TZ=Asia/Tokyo"); IntlTimeZone::createDefault();',
    '[Locale::getDefault(), IntlTimeZone::createDefault()->getID(), ' +
      '(new NumberFormatter("", 1))->format(1234.5)]',
  ],
  ['tokens', 'strtok("a b c", " ");', '@strtok(" ")'],
  [
    'seeds',
    'mt_srand(1); srand(1); gmp_random_seed(1); mt_rand();',
    'mt_rand() === 1244335972',
  ],
  [
    'autoloaded extensions',
    'spl_autoload_extensions(".t");',
    'spl_autoload_extensions()',
  ],
  ['garbage collection', 'gc_disable();', 'gc_enabled()'],
  ['implicit flush', 'ob_implicit_flush(true);', 'ini_get("implicit_flush")'],
  ['soap', 'use_soap_error_handler(true);', 'use_soap_error_handler(false)'],
  ['intercepted files', 'Phar::interceptFileFuncs();', '@file_get_contents("inc.php")'],
  [
    'history of typed lines',
    'readline_add_history("secret"); readline_info("readline_name", "t");',
    '[@readline_write_history(sys_get_temp_dir() . "/h"), ' +
      '@file_get_contents(sys_get_temp_dir() . "/h")]',
    'fresh',
  ],
  [
    'limits and directory of SQLite',
    '$d = new PDO("sqlite::memory:"); $d->query("PRAGMA soft_heap_limit=9000000"); ' +
      '$d->query("PRAGMA hard_heap_limit=9000000"); ' +
      '$d->query("PRAGMA temp_store_directory=\'/var/tmp\'");',
    '[(new PDO("sqlite::memory:"))->query("PRAGMA hard_heap_limit")->fetchColumn(), ' +
      '(new PDO("sqlite::memory:"))->query("PRAGMA soft_heap_limit")->fetchColumn(), ' +
      '(new PDO("sqlite::memory:"))->query("PRAGMA temp_store_directory")->fetchColumn()]',
  ],
  [
    'open_basedir',
    'ini_set("open_basedir", __DIR__);',
    '[ini_get("open_basedir"), is_readable("/etc/passwd")]',
  ],
  [
    'every setting that a script may change',
    'foreach (ini_get_all(null) as $k => $v) if ($v["access"] & 1) ' +
      '@ini_set($k, $v["local_value"] === "1" ? "0" : "1");',
    'ini_get_all(null, false)',
  ],
  ['included files', 'include_once __DIR__ . "/inc.php";', 'count(get_included_files())'],
];

test.each(traces)(
  '%s: nothing of it is left for the next request',
  async (_what, code, probe, fresh) => {
    const php = new Php();
    php.file('inc.php', '<?php ');
    const ask = `echo json_encode([${probe}${fresh ? '' : ', getmypid()'}]);`;
    // Once before: some values settle with the first request.
    await php.text(ask);
    const before = await php.text(ask);
    const response = await php.get(code);
    expect(response.failure).toBeNull();
    expect(await php.text(ask)).toBe(before);
    expect(php.texts()).toEqual([]);
    const crashed = await php.get(`${code} no_such_function();`);
    expect(crashed.failure).toBeNull();
    expect(await php.text(ask)).toBe(before);
  },
);

test.each(traces)(
  '%s: nothing of it is left when it is what a process does first',
  async (_what, code, probe) => {
    const [php, other] = [new Php(), new Php()];
    const ask = `echo json_encode([${probe}], JSON_UNESCAPED_SLASHES);`;
    for (const one of [php, other]) one.file('inc.php', '<?php ');
    const pristine = await other.text(ask);
    await php.get(code);
    const found = await php.text(ask);
    expect(found.replaceAll(php.root, other.root)).toBe(pristine);
  },
);

test('options of openlog() are not left for the next request', async () => {
  const php = new Php();
  // LOG_PERROR writes to standard error as well.
  await php.text('openlog("secret", LOG_PERROR | LOG_PID, LOG_LOCAL0);');
  await php.text('syslog(LOG_ERR, "text of syslog"); error_log("behind it");');
  await php.logged('behind it');
  await php.text('error_log("and more");');
  await php.logged('and more');
  expect(php.texts().filter((text) => text.includes('text of syslog'))).toEqual([]);
});
