/* The functions scripts find under this SAPI. They have FrankenPHP's and php-fpm's names
 * beside ours, so that frameworks that look for those work unchanged. */
#include <php.h>
#include <SAPI.h>
#include <ext/standard/head.h>
#include <ext/standard/info.h>
#include <php_output.h>

#include "leftovers.h"
#include "limit.h"
#include "request.h"
#include "response.h"
#include "sapi.h"

PHP_FUNCTION(phpack_finish_request);
PHP_FUNCTION(phpack_request_headers);
PHP_FUNCTION(phpack_response_headers);

/* phpack_finish_request(): bool — the client has its response, the script runs on. False:
 * it has been finished before. */
PHP_FUNCTION(phpack_finish_request) {
  ZEND_PARSE_PARAMETERS_NONE();
  if (!phpack_response_is_open()) RETURN_FALSE;
  php_output_end_all(); /* may bail out, with the response still open: a shorter one */
  php_header();
  phpack_response_end();
  if (phpack_request.is_response_ended) {
    phpack_limit_finish();
    phpack_post_news(phpack_request.index);
  }
  RETURN_TRUE;
}

/* As a browser of the nineties would write it, and php-fpm and Go's net/http still do:
 * scripts look up "Content-Type" whatever case HTTP/2 clients send. */
static zend_string *canonical_name(struct phpack_text name) {
  zend_string *result = zend_string_init(name.bytes, name.length, 0);
  bool is_start = true;
  for (size_t i = 0; i < name.length; i++) {
    char c = name.bytes[i];
    ZSTR_VAL(result)[i] = is_start ? zend_toupper_ascii(c) : zend_tolower_ascii(c);
    is_start = c == '-';
  }
  return result;
}

static void add_request_header(HashTable *array, const struct phpack_pair *pair) {
  zend_string *name = canonical_name(pair->name);
  const zval *before = zend_symtable_find(array, name);
  zval value;
  if (before && Z_TYPE_P(before) == IS_STRING) {
    const char *between = zend_string_equals_literal(name, "Cookie") ? "; " : ", ";
    ZVAL_STR(&value, zend_string_concat3(Z_STRVAL_P(before), Z_STRLEN_P(before), between,
                                         2, pair->value.bytes, pair->value.length));
  } else {
    ZVAL_STRINGL_FAST(&value, pair->value.bytes, pair->value.length);
  }
  zend_symtable_update(array, name, &value);
  zend_string_release(name);
}

/* phpack_request_headers(): array<string, string> — several of one name are joined. */
PHP_FUNCTION(phpack_request_headers) {
  ZEND_PARSE_PARAMETERS_NONE();
  array_init(return_value);
  if (!SG(server_context)) return;
  const char *at = phpack_request.headers;
  for (uint32_t i = 0; i < phpack_request.header_count; i++) {
    struct phpack_pair pair;
    at = phpack_next_pair(at, &pair);
    add_request_header(Z_ARRVAL_P(return_value), &pair);
  }
}

/* phpack_response_headers(): array<string, string> — the last one of several wins, as
 * under php-fpm; headers_list() has all. */
PHP_FUNCTION(phpack_response_headers) {
  ZEND_PARSE_PARAMETERS_NONE();
  array_init(return_value);
  zend_llist_position position;
  zend_llist *headers = &SG(sapi_headers).headers;
  const sapi_header_struct *header = zend_llist_get_first_ex(headers, &position);
  for (; header; header = zend_llist_get_next_ex(headers, &position)) {
    const char *colon = memchr(header->header, ':', header->header_len);
    if (!colon || colon == header->header) continue;
    const char *text = colon + 1, *end = header->header + header->header_len;
    while (text < end && (*text == ' ' || *text == '\t')) text++;
    zend_string *name =
        zend_string_init(header->header, (size_t)(colon - header->header), 0);
    zval value;
    ZVAL_STRINGL_FAST(&value, text, (size_t)(end - text));
    zend_symtable_update(Z_ARRVAL_P(return_value), name, &value);
    zend_string_release(name);
  }
}

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_bool, 0, 0, _IS_BOOL, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_array, 0, 0, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

/* clang-format off */
static const zend_function_entry functions[] = {
  ZEND_FE(phpack_finish_request, arginfo_bool)
  ZEND_NAMED_FE(frankenphp_finish_request, zif_phpack_finish_request, arginfo_bool)
  ZEND_NAMED_FE(fastcgi_finish_request, zif_phpack_finish_request, arginfo_bool)
  ZEND_FE(phpack_request_headers, arginfo_array)
  ZEND_NAMED_FE(frankenphp_request_headers, zif_phpack_request_headers, arginfo_array)
  ZEND_NAMED_FE(apache_request_headers, zif_phpack_request_headers, arginfo_array)
  ZEND_NAMED_FE(getallheaders, zif_phpack_request_headers, arginfo_array)
  ZEND_FE(phpack_response_headers, arginfo_array)
  ZEND_NAMED_FE(frankenphp_response_headers, zif_phpack_response_headers, arginfo_array)
  ZEND_NAMED_FE(apache_response_headers, zif_phpack_response_headers, arginfo_array)
  ZEND_FE_END
};
/* clang-format on */

/* The constant names this SAPI's binary, which cannot run scripts from a shell. Scripts
 * mean the command line by it, and the front tells by the environment how to call that.
 */
static void set_php_binary(void) {
  const char *path = getenv("PHP_BINARY");
  zend_constant *constant =
      zend_hash_str_find_ptr(EG(zend_constants), "PHP_BINARY", sizeof "PHP_BINARY" - 1);
  if (!path || !constant) return;
  zval_ptr_dtor(&constant->value);
  ZVAL_INTERNED_STR(&constant->value, zend_string_init_interned(path, strlen(path), 1));
}

/* Strings can be interned for good only here: later they belong to a request. */
static PHP_MINIT_FUNCTION(phpack) {
  (void)type, (void)module_number;
  phpack_intern_variable_names();
  set_php_binary();
  return SUCCESS;
}

static PHP_RINIT_FUNCTION(phpack) {
  (void)type, (void)module_number;
  phpack_clear_leftovers();
  return SUCCESS;
}

static PHP_MINFO_FUNCTION(phpack) {
  (void)zend_module;
  php_info_print_table_start();
  php_info_print_table_row(2, "phpack", "enabled");
  php_info_print_table_row(2, "Mode", "classic");
  php_info_print_table_end();
}

/* The last code of a request before PHP would read the rest of its body to throw it away.
 */
static ZEND_RESULT_CODE close_request(void) {
  phpack_request.is_closing = true;
  return SUCCESS;
}

zend_module_entry phpack_module_entry = {
    STANDARD_MODULE_HEADER,
    "phpack",
    functions,
    PHP_MINIT(phpack),
    NULL,
    PHP_RINIT(phpack),
    NULL,
    PHP_MINFO(phpack),
    "0.1.0",
    NO_MODULE_GLOBALS,
    close_request,
    STANDARD_MODULE_PROPERTIES_EX,
};
