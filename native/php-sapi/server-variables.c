/* $_SERVER: RFC 3875's meta-variables, and what php-fpm and FrankenPHP users expect
 * beside them. */
#include <php.h>
#include <SAPI.h>
#include <ext/filter/php_filter.h>
#include <ext/filter/filter_private.h>
#include <php_variables.h>

#include "request.h"
#include "sapi.h"

ZEND_EXTERN_MODULE_GLOBALS(filter)

enum source { FIELD, CONSTANT, PHP_SELF, PATH_TRANSLATED, HTTPS };

/* `skips_empty`: not there at all without a value; the others are always there. */
static struct variable {
  const char *name;
  enum source source;
  int field;
  const char *constant;
  bool skips_empty;
  zend_string *key; /* interned in the zygote, shared by all workers */
} variables[] = {
    {"GATEWAY_INTERFACE", CONSTANT, 0, "CGI/1.1", false, NULL},
    {"SERVER_SOFTWARE", CONSTANT, 0, "phpack (like nginx)", false, NULL},
    {"SERVER_PROTOCOL", FIELD, PHPACK_PROTOCOL, NULL, false, NULL},
    {"SERVER_NAME", FIELD, PHPACK_SERVER_NAME, NULL, false, NULL},
    {"SERVER_ADDR", FIELD, PHPACK_SERVER_ADDRESS, NULL, false, NULL},
    {"SERVER_PORT", FIELD, PHPACK_SERVER_PORT, NULL, false, NULL},
    {"REMOTE_ADDR", FIELD, PHPACK_REMOTE_ADDRESS, NULL, false, NULL},
    /* RFC 3875 §4.1.9: the address, where names are not looked up. */
    {"REMOTE_HOST", FIELD, PHPACK_REMOTE_ADDRESS, NULL, false, NULL},
    {"REMOTE_PORT", FIELD, PHPACK_REMOTE_PORT, NULL, false, NULL},
    {"REQUEST_METHOD", FIELD, PHPACK_METHOD, NULL, false, NULL},
    {"REQUEST_URI", FIELD, PHPACK_TARGET, NULL, false, NULL},
    {"REQUEST_SCHEME", FIELD, PHPACK_SCHEME, NULL, false, NULL},
    {"HTTPS", HTTPS, 0, NULL, true, NULL},
    {"QUERY_STRING", FIELD, PHPACK_QUERY_STRING, NULL, false, NULL},
    {"CONTENT_TYPE", FIELD, PHPACK_CONTENT_TYPE, NULL, false, NULL},
    {"CONTENT_LENGTH", FIELD, PHPACK_CONTENT_LENGTH, NULL, false, NULL},
    {"DOCUMENT_ROOT", FIELD, PHPACK_DOCUMENT_ROOT, NULL, false, NULL},
    {"DOCUMENT_URI", FIELD, PHPACK_SCRIPT_NAME, NULL, false, NULL},
    {"SCRIPT_FILENAME", FIELD, PHPACK_SCRIPT_FILENAME, NULL, false, NULL},
    {"SCRIPT_NAME", FIELD, PHPACK_SCRIPT_NAME, NULL, false, NULL},
    {"PHP_SELF", PHP_SELF, 0, NULL, false, NULL},
    {"PATH_INFO", FIELD, PHPACK_PATH_INFO, NULL, true, NULL},
    {"PATH_TRANSLATED", PATH_TRANSLATED, 0, NULL, true, NULL},
};

#define VARIABLES (sizeof variables / sizeof variables[0])

void phpack_intern_variable_names(void) {
  for (size_t i = 0; i < VARIABLES; i++) {
    const char *name = variables[i].name;
    variables[i].key = zend_string_init_interned(name, strlen(name), 1);
  }
}

static zend_string *join(struct phpack_text first, const char *between,
                         struct phpack_text second) {
  return zend_string_concat3(first.bytes, first.length, between, strlen(between),
                             second.bytes, second.length);
}

/* False: the variable is not there in this request. */
static bool get_value(const struct variable *variable, zval *value) {
  const struct phpack_text *fields = phpack_request.fields;
  struct phpack_text path_info = fields[PHPACK_PATH_INFO];
  switch (variable->source) {
    case CONSTANT:
      ZVAL_STRING(value, variable->constant);
      return true;
    case PHP_SELF:
      ZVAL_STR(value, join(fields[PHPACK_SCRIPT_NAME], "", path_info));
      return true;
    case PATH_TRANSLATED:
      if (path_info.length == 0) return false;
      ZVAL_STR(value, join(fields[PHPACK_DOCUMENT_ROOT], "", path_info));
      return true;
    case HTTPS:
      if (strcmp(fields[PHPACK_SCHEME].bytes, "https") != 0) return false;
      ZVAL_STRING(value, "on");
      return true;
    case FIELD:
      break;
  }
  struct phpack_text text = fields[variable->field];
  if (text.length == 0 && variable->skips_empty) return false;
  ZVAL_STRINGL_FAST(value, text.bytes, text.length);
  return true;
}

/* HTTP_ and the name in CGI's spelling; NULL for headers that do not become variables.
 * Only letters, digits and dashes (nginx's rule): `X.Real.IP` or `X_Real_IP` would
 * otherwise look like the `X-Real-IP` that a proxy in front vouches for. */
static zend_string *header_key(struct phpack_text name) {
  if (zend_binary_strcasecmp(name.bytes, name.length, "content-type", 12) == 0 ||
      zend_binary_strcasecmp(name.bytes, name.length, "content-length", 14) == 0) {
    return NULL; /* CONTENT_TYPE and CONTENT_LENGTH: RFC 3875 §4.1.18 */
  }
  zend_string *key = zend_string_alloc(name.length + 5, 0);
  memcpy(ZSTR_VAL(key), "HTTP_", 5);
  for (size_t i = 0; i < name.length; i++) {
    char c = name.bytes[i];
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!is_letter && c != '-' && !(c >= '0' && c <= '9')) {
      zend_string_efree(key);
      return NULL;
    }
    ZSTR_VAL(key)[5 + i] = c == '-' ? '_' : (is_letter ? (char)(c & ~0x20) : c);
  }
  ZSTR_VAL(key)[5 + name.length] = 0;
  return key;
}

/* Several headers of one name are one list: RFC 9110 §5.3. Cookies have been joined. */
static void add_header(HashTable *array, zend_string *key, struct phpack_text text) {
  zval value;
  const zval *before = zend_hash_find(array, key);
  if (zend_string_equals_literal(key, "HTTP_COOKIE")) {
    if (before) return;
    ZVAL_STRING(&value, phpack_request.cookies);
  } else if (before) {
    struct phpack_text first = {Z_STRVAL_P(before), Z_STRLEN_P(before)};
    ZVAL_STR(&value, join(first, ", ", text));
  } else {
    ZVAL_STRINGL_FAST(&value, text.bytes, text.length);
  }
  zend_hash_update(array, key, &value);
}

static void add_headers(HashTable *array) {
  const char *at = phpack_request.headers;
  for (uint32_t i = 0; i < phpack_request.header_count; i++) {
    struct phpack_pair pair;
    at = phpack_next_pair(at, &pair);
    zend_string *key = header_key(pair.name);
    if (!key) continue;
    add_header(array, key, pair.value);
    zend_string_release(key);
  }
}

/* php-fpm (without clear_env) and FrankenPHP show the process' environment in $_SERVER.
 * Names in HTTP_ stay out: they would pass for headers of the request. */
static void add_environment(zval *array) {
  php_import_environment_variables(array);
  zend_string *key;
  ZEND_HASH_FOREACH_STR_KEY(Z_ARRVAL_P(array), key) {
    if (key && zend_string_starts_with_literal(key, "HTTP_")) {
      zend_hash_del(Z_ARRVAL_P(array), key);
    }
  }
  ZEND_HASH_FOREACH_END();
}

static void add_extra_variables(zval *array) {
  const char *at = phpack_request.variables;
  for (uint32_t i = 0; i < phpack_request.variable_count; i++) {
    struct phpack_pair pair;
    at = phpack_next_pair(at, &pair);
    php_register_variable_safe(pair.name.bytes, pair.value.bytes, pair.value.length,
                               array);
  }
}

/* filter_input(INPUT_SERVER) reads the filter extension's own copy. Without a default
 * filter that is the array itself, which costs a tenth of registering everything twice.
 */
static void feed_filter(zval *array) {
  zval all;
  ZVAL_ARR(&all, zend_array_dup(Z_ARRVAL_P(array)));
  if (IF_G(default_filter) == FILTER_UNSAFE_RAW) {
    zval_ptr_dtor(&IF_G(server_array));
    ZVAL_COPY_VALUE(&IF_G(server_array), &all);
    return;
  }
  zend_string *key;
  zval *value;
  ZEND_HASH_FOREACH_STR_KEY_VAL(Z_ARRVAL(all), key, value) {
    if (!key || Z_TYPE_P(value) != IS_STRING) continue;
    char *text = Z_STRVAL_P(value);
    sapi_module.input_filter(PARSE_SERVER, ZSTR_VAL(key), &text, Z_STRLEN_P(value), NULL);
  }
  ZEND_HASH_FOREACH_END();
  zval_ptr_dtor(&all);
}

void phpack_register_server_variables(zval *array) {
  if (!SG(server_context)) return;
  HashTable *table = Z_ARRVAL_P(array);
  add_environment(array);
  add_headers(table);
  for (size_t i = 0; i < VARIABLES; i++) {
    zval value;
    if (get_value(&variables[i], &value))
      zend_hash_update(table, variables[i].key, &value);
  }
  add_extra_variables(array);
  feed_filter(array);
}

/* Of getenv(): the value for the engine to copy, in memory of our own. */
static char *keep(const char *bytes, size_t length) {
  static char kept[PHPACK_REQUEST_HEAD + 2];
  if (length >= sizeof kept) return NULL;
  memcpy(kept, bytes, length);
  kept[length] = 0;
  return kept;
}

static char *find_extra_variable(const char *name) {
  char *found = NULL;
  const char *at = phpack_request.variables;
  for (uint32_t i = 0; i < phpack_request.variable_count; i++) {
    struct phpack_pair pair;
    at = phpack_next_pair(at, &pair);
    if (strcmp(pair.name.bytes, name) == 0) found = (char *)pair.value.bytes;
  }
  return found;
}

/* Rare, and joining is needed here as well: takes the long way by a table. */
static char *find_header(const char *name, size_t length) {
  HashTable table;
  zend_hash_init(&table, phpack_request.header_count, NULL, ZVAL_PTR_DTOR, 0);
  add_headers(&table);
  const zval *value = zend_hash_str_find(&table, name, length);
  char *found = value ? keep(Z_STRVAL_P(value), Z_STRLEN_P(value)) : NULL;
  zend_hash_destroy(&table);
  return found;
}

char *phpack_find_variable(const char *name, size_t length) {
  char *extra = find_extra_variable(name);
  if (extra) return extra;
  if (strncmp(name, "HTTP_", 5) == 0) return find_header(name, length);
  for (size_t i = 0; i < VARIABLES; i++) {
    zval value;
    if (name[0] != variables[i].name[0] || strcmp(name, variables[i].name) != 0) continue;
    if (!get_value(&variables[i], &value)) return NULL;
    char *found = keep(Z_STRVAL(value), Z_STRLEN(value));
    zval_ptr_dtor(&value);
    return found;
  }
  return NULL;
}
