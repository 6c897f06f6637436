// What all files of the addon share. Exceptions are off: an error is thrown with
// ThrowAsJavaScriptException() and the function returns at once.
#ifndef PHPACK_ADDON_H
#define PHPACK_ADDON_H

#include <errno.h>
#include <string.h>

#include <string>

#include <napi.h>

namespace phpack {

// All state of one JavaScript environment (the main thread, or a worker thread that
// loads the addon as well). There are no globals.
struct Addon {
  Napi::FunctionReference channel_constructor;
};

// An Error with the properties `errno` and `syscall`.
Napi::Error SystemError(Napi::Env env, const char *what, int error);

}  // namespace phpack

#endif
