/* The SAPI named "phpack". */
#ifndef PHPACK_SAPI_SAPI_H
#define PHPACK_SAPI_SAPI_H

#include <php.h>
#include <SAPI.h>

/* sapi.c */
extern sapi_module_struct phpack_sapi_module;

/* functions.c */
extern zend_module_entry phpack_module_entry;

/* server-variables.c: $_SERVER, and what getenv() finds of it. */
void phpack_intern_variable_names(void); /* in MINIT */
void phpack_register_server_variables(zval *array);
char *phpack_find_variable(const char *name, size_t length);

#endif
