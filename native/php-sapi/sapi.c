/* The callbacks by which PHP reaches the channel, in the order of sapi_module_struct.
 *
 * PHP may leave any of them by longjmp, but only from calls into the engine
 * (php_handle_aborted_connection). So none holds a lock or half-written shared state
 * then. */
#include "sapi.h"

#include <php_ini.h>
#include <php_main.h>
#include <pwd.h>
#include <syslog.h>
#include <unistd.h>

#include "body.h"
#include "log.h"
#include "request.h"
#include "response.h"

static int sapi_startup_module(sapi_module_struct *module) {
  return php_module_startup(module, &phpack_module_entry);
}

/* [HOST=…] and [PATH=…] sections of php.ini. */
static void apply_ini_sections(void) {
  if (php_ini_has_per_host_config()) {
    struct phpack_text host = phpack_request.fields[PHPACK_SERVER_NAME];
    zend_string *lower = zend_string_init(host.bytes, host.length, 0);
    zend_str_tolower(ZSTR_VAL(lower), ZSTR_LEN(lower));
    php_ini_activate_per_host_config(ZSTR_VAL(lower), ZSTR_LEN(lower));
    zend_string_release(lower);
  }
  if (php_ini_has_per_dir_config()) {
    struct phpack_text script = phpack_request.fields[PHPACK_SCRIPT_FILENAME];
    char *path = estrndup(script.bytes, script.length);
    /* It takes a directory with its slash at the end, and cuts it into its parents. */
    char *slash = strrchr(path, '/');
    if (slash) {
      slash[1] = 0;
      php_ini_activate_per_dir_config(path, (size_t)(slash + 1 - path));
    }
    efree(path);
  }
}

/* Called at the end of sapi_activate, which has reset these. */
static int sapi_activate_request(void) {
  if (!SG(server_context)) return SUCCESS;
  apply_ini_sections();
  /* proto_num stays HTTP/1.0's, as with php-fpm: else `Location` after a form would mean
   * 303 instead of the 302 that PHP's manual promises. */
  php_handle_auth_data(phpack_request.authorization);
  sapi_get_request_time(); /* now, not when $_SERVER is first used */
  return SUCCESS;
}

/* The peak is read here because the memory manager forgets it right afterwards. */
static int sapi_deactivate_request(void) {
  struct phpack_slot *slot = phpack_request.slot;
  if (slot) {
    uint32_t kib = (uint32_t)(zend_memory_peak_usage(false) / 1024);
    atomic_store_explicit(&slot->peak_kib, kib, memory_order_relaxed);
  }
  phpack_body_close();
  return SUCCESS;
}

static size_t sapi_write(const char *bytes, size_t length) {
  if (!SG(server_context)) {
    /* Module startup and preloading: shown as the reason if the zygote fails. */
    ssize_t written = write(STDOUT_FILENO, bytes, length);
    return written > 0 ? (size_t)written : length;
  }
  size_t written = phpack_response_write(bytes, length);
  if (written < length) php_handle_aborted_connection();
  return written;
}

static void sapi_flush_response(void *context) {
  if (!context) return;
  sapi_send_headers();
  if (!phpack_response_flush()) php_handle_aborted_connection();
}

/* getenv() finds the request's variables first, as under FastCGI. */
static char *sapi_find_variable(const char *name, size_t length) {
  return SG(server_context) ? phpack_find_variable(name, length) : NULL;
}

static int sapi_send_head(sapi_headers_struct *headers) {
  if (SG(server_context)) phpack_response_send_head(headers);
  return SAPI_HEADER_SENT_SUCCESSFULLY;
}

static size_t sapi_read_body(char *buffer, size_t size) {
  /* sapi_deactivate would read a body to its end, although nobody wants it any more. */
  if (phpack_request.is_closing) return 0;
  size_t count = phpack_body_read(buffer, size);
  if (phpack_body_is_broken()) PG(connection_status) |= PHP_CONNECTION_ABORTED;
  return count;
}

static char *sapi_cookies(void) { return (char *)phpack_request.cookies; }

static void sapi_log(const char *message, int level) {
  phpack_log(level, message, strlen(message));
}

static void set_default(HashTable *directives, const char *name, const char *text) {
  zval value;
  ZVAL_NEW_STR(&value, zend_string_init(text, strlen(text), 1));
  zend_hash_str_update(directives, name, strlen(name), &value);
}

/* Preloading as root asks for a user to become, since php-fpm's workers are another one.
 * Ours are the same user as the zygote, so there is nobody to become. */
static void sapi_ini_defaults(HashTable *directives) {
  if (geteuid() != 0) return;
  const struct passwd *user = getpwuid(0);
  set_default(directives, "opcache.preload_user", user ? user->pw_name : "root");
}

sapi_module_struct phpack_sapi_module = {
    .name = "phpack",
    .pretty_name = "phpack",
    .startup = sapi_startup_module,
    .shutdown = php_module_shutdown_wrapper,
    .activate = sapi_activate_request,
    .deactivate = sapi_deactivate_request,
    .ub_write = sapi_write,
    .flush = sapi_flush_response,
    .getenv = sapi_find_variable,
    .sapi_error = php_error,
    .send_headers = sapi_send_head,
    .read_post = sapi_read_body,
    .read_cookies = sapi_cookies,
    .register_server_variables = phpack_register_server_variables,
    .log_message = sapi_log,
    /* The working directory is the app's: a php.ini in it is not ours. */
    .php_ini_ignore_cwd = 1,
    .ini_defaults = sapi_ini_defaults,
};
