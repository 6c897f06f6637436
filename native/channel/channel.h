// The front's end of the channel (PROTOCOL.md): owns the shared memory, the doorbell,
// the log pipe and the handover socket, and tells JavaScript of news.
#ifndef PHPACK_CHANNEL_H
#define PHPACK_CHANNEL_H

#include <uv.h>

#include "addon.h"
#include "layout.h"

namespace phpack {

// Life: open (holds a reference on itself, so JavaScript may forget it) → closing (its uv
// handles close) → closed. The mapping outlives it: it belongs to the ArrayBuffer, because
// a socket write may still point into it. Nothing here trusts what the memory says: any
// process that has it mapped may have written there.
class Channel : public Napi::ObjectWrap<Channel> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Channel(const Napi::CallbackInfo &info);
  ~Channel() override;

 private:
  enum class State { kFailed, kOpen, kClosing, kClosed };

  Napi::Value GetDescriptors(const Napi::CallbackInfo &info);
  Napi::Value GetMemory(const Napi::CallbackInfo &info);
  Napi::Value TakeLogReader(const Napi::CallbackInfo &info);
  void CloseChildEnds(const Napi::CallbackInfo &info);
  void Answer(const Napi::CallbackInfo &info);
  void Close(const Napi::CallbackInfo &info);
  static napi_value Wake(napi_env env, napi_callback_info info);
  static napi_value Wipe(napi_env env, napi_callback_info info);

  bool CreateMemory(Napi::Env env, size_t bytes);
  bool CreateDescriptors(Napi::Env env);
  void StartHandles(Napi::Env env);
  void StartClosing();
  void CloseDescriptors();
  void FinishClosing();

  bool HasNews() const;
  void Tell(const Napi::FunctionReference &callback, size_t argc, napi_value *argv);
  void TellNews();
  void ReceiveHandovers();

  static void OnPrepare(uv_prepare_t *handle);
  static void OnCheck(uv_check_t *handle);
  static void OnDoorbell(uv_poll_t *handle, int status, int events);
  static void OnHandover(uv_poll_t *handle, int status, int events);
  static void OnHandleClosed(uv_handle_t *handle);
  static void OnEnvironmentEnd(napi_async_cleanup_hook_handle hook, void *data);

  State state_ = State::kFailed;
  phpack_channel *memory_ = nullptr;
  size_t bytes_ = 0;
  uint32_t slots_ = 0;
  int memory_fd_ = -1;
  int doorbell_ = -1;
  int log_reader_ = -1, log_writer_ = -1;
  int handover_ = -1, handover_peer_ = -1;

  uv_prepare_t prepare_;
  uv_check_t check_;
  uv_poll_t doorbell_poll_, handover_poll_;
  int open_handles_ = 0;

  Napi::ObjectReference buffer_;
  Napi::FunctionReference on_news_, on_handover_;
  napi_async_context async_context_ = nullptr;
  napi_async_cleanup_hook_handle cleanup_hook_ = nullptr;
};

}  // namespace phpack

#endif
