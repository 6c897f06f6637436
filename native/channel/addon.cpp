// Table of contents of channel.node: one exports.Set per thing JavaScript can use.
// The typed façade, with what each does and throws, is runtime/native.ts.
#include "addon.h"

#include "channel.h"
#include "files.h"

namespace phpack {

Napi::Error SystemError(Napi::Env env, const char *what, int error) {
  std::string text = std::string(what) + ": " + strerror(error);
  Napi::Error result = Napi::Error::New(env, text);
  result.Set("errno", Napi::Number::New(env, error));
  result.Set("syscall", Napi::String::New(env, what));
  return result;
}

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  // Deleted by Node after all cleanup hooks have run.
  env.SetInstanceData(new Addon());
  exports.Set("Channel", Channel::Define(env));
  exports.Set("memfdFromFile", Napi::Function::New(env, MemfdFromFile));
  exports.Set("reopenForReading", Napi::Function::New(env, ReopenForReading));
  exports.Set("writeNoWait", Napi::Function::New(env, WriteNoWait));
  exports.Set("createPipe", Napi::Function::New(env, CreatePipe));
  exports.Set("tryLock", Napi::Function::New(env, TryLock));
  exports.Set("syncFilesystem", Napi::Function::New(env, SyncFilesystem));
  exports.Set("trimMemory", Napi::Function::New(env, TrimMemory));
  exports.Set("hideMemory", Napi::Function::New(env, HideMemory));
  return exports;
}

}  // namespace phpack

using phpack::Init;
NODE_API_MODULE(channel, Init)
