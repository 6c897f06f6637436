// The Channel in Node's event loop: a busy front is never rung, a sleeping one once.
//
//   prepare (before epoll): tell news; front_asleep = 1; look again
//   check (after epoll), doorbell: front_asleep = 0; tell news
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "files.h"

namespace phpack {

void Channel::StartHandles(Napi::Env env) {
  uv_loop_t *loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  uv_prepare_init(loop, &prepare_);
  uv_check_init(loop, &check_);
  // Only without memory or epoll watches, when nothing else of Node works either.
  if (uv_poll_init(loop, &doorbell_poll_, doorbell_) != 0 ||
      uv_poll_init(loop, &handover_poll_, handover_) != 0) {
    Napi::Error::Fatal("phpack", "cannot watch the channel's descriptors");
  }
  prepare_.data = check_.data = this;
  doorbell_poll_.data = handover_poll_.data = this;
  open_handles_ = 4;
  uv_prepare_start(&prepare_, OnPrepare);
  uv_check_start(&check_, OnCheck);
  uv_poll_start(&doorbell_poll_, UV_READABLE, OnDoorbell);
  uv_poll_start(&handover_poll_, UV_READABLE, OnHandover);
  // The doorbell alone keeps the process alive, until close().
  uv_unref(reinterpret_cast<uv_handle_t *>(&prepare_));
  uv_unref(reinterpret_cast<uv_handle_t *>(&check_));
  uv_unref(reinterpret_cast<uv_handle_t *>(&handover_poll_));
  state_ = State::kOpen;
  napi_add_async_cleanup_hook(env, OnEnvironmentEnd, this, &cleanup_hook_);
}

// Only of slots there are: nobody takes back what somebody wrote behind them.
bool Channel::HasNews() const {
  uint32_t any = 0;
  for (uint32_t i = 0; i < (slots_ + 31) / 32; i++) {
    any |= memory_->news[i].load(std::memory_order_relaxed);
  }
  return any != 0;
}

// Runs JavaScript from the event loop, with its microtasks and process.nextTick queue. An
// exception has no caller it could reach: it becomes 'uncaughtException'.
void Channel::Tell(const Napi::FunctionReference &callback, size_t argc,
                   napi_value *argv) {
  napi_env env = Env();
  napi_value result, error;
  bool pending = false;
  napi_make_callback(env, async_context_, Value(), callback.Value(), argc, argv,
                     &result);
  napi_is_exception_pending(env, &pending);
  if (!pending) return;
  napi_get_and_clear_last_exception(env, &error);
  napi_fatal_exception(env, error);
}

void Channel::TellNews() {
  Napi::HandleScope scope(Env());
  Tell(on_news_, 0, nullptr);
}

void Channel::OnPrepare(uv_prepare_t *handle) {
  Channel *self = static_cast<Channel *>(handle->data);
  if (self->HasNews()) self->TellNews();
  if (self->state_ != State::kOpen) return;
  self->memory_->front_asleep.store(1);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!self->HasNews()) return;
  // Posted after the callback and before the flag: epoll must return at once.
  self->memory_->front_asleep.store(0);
  eventfd_write(self->doorbell_, 1);
}

void Channel::OnCheck(uv_check_t *handle) {
  Channel *self = static_cast<Channel *>(handle->data);
  self->memory_->front_asleep.store(0);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (self->HasNews()) self->TellNews();
}

void Channel::OnDoorbell(uv_poll_t *handle, int, int) {
  Channel *self = static_cast<Channel *>(handle->data);
  eventfd_t count;
  eventfd_read(self->doorbell_, &count);
  self->memory_->front_asleep.store(0);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  // Also without a bit in the bitmap: the zygote rings when it is ready.
  self->TellNews();
}

void Channel::OnHandover(uv_poll_t *handle, int, int) {
  static_cast<Channel *>(handle->data)->ReceiveHandovers();
}

// Each message: {slot, serial} with the descriptor on which to answer.
void Channel::ReceiveHandovers() {
  Napi::HandleScope scope(Env());
  while (state_ == State::kOpen) {
    uint32_t message[2];
    int reply = -1;
    ssize_t bytes = ReceiveWithDescriptor(handover_, message, sizeof message, &reply);
    if (bytes < 0) return;
    if (bytes == 0 && reply < 0 && IsHungUp(handover_)) {
      // All other ends are closed: the zygote and its workers are gone.
      uv_poll_stop(&handover_poll_);
      return;
    }
    if (reply < 0) continue;
    if (bytes != sizeof message) {
      CloseDescriptor(&reply);
      continue;
    }
    napi_value arguments[3];
    napi_create_uint32(Env(), message[0], &arguments[0]);
    napi_create_uint32(Env(), message[1], &arguments[1]);
    napi_create_int32(Env(), reply, &arguments[2]);
    Tell(on_handover_, 3, arguments);
  }
}

void Channel::StartClosing() {
  if (state_ != State::kOpen) return;
  state_ = State::kClosing;
  uv_handle_t *handles[] = {reinterpret_cast<uv_handle_t *>(&prepare_),
                            reinterpret_cast<uv_handle_t *>(&check_),
                            reinterpret_cast<uv_handle_t *>(&doorbell_poll_),
                            reinterpret_cast<uv_handle_t *>(&handover_poll_)};
  for (uv_handle_t *handle : handles) uv_close(handle, OnHandleClosed);
}

void Channel::OnHandleClosed(uv_handle_t *handle) {
  Channel *self = static_cast<Channel *>(handle->data);
  if (--self->open_handles_ == 0) self->FinishClosing();
}

void Channel::FinishClosing() {
  state_ = State::kClosed;
  CloseDescriptors();
  Napi::Env env = Env();
  Napi::HandleScope scope(env);
  napi_remove_async_cleanup_hook(cleanup_hook_);
  napi_async_destroy(env, async_context_);
  on_news_.Reset();
  on_handover_.Reset();
  Unref();
}

// The environment ends (process.exit, or the end of a worker thread) with the channel
// still open. FinishClosing removes the hook, which is Node's sign to go on.
void Channel::OnEnvironmentEnd(napi_async_cleanup_hook_handle, void *data) {
  static_cast<Channel *>(data)->StartClosing();
}

}  // namespace phpack
