// Life of a Channel: creation of memory and descriptors, JavaScript's methods, closing.
// What happens in the event loop is in loop.cpp.
#include "channel.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"

namespace phpack {

Napi::Function Channel::Define(Napi::Env env) {
  Napi::Function constructor = DefineClass(
      env, "Channel",
      {
          InstanceAccessor<&Channel::GetMemory>("memory"),
          InstanceAccessor<&Channel::GetDescriptors>("descriptors"),
          InstanceMethod<&Channel::TakeLogReader>("takeLogReader"),
          InstanceMethod<&Channel::CloseChildEnds>("closeChildEnds"),
          InstanceMethod<&Channel::Answer>("answer"),
          InstanceMethod<&Channel::Close>("close"),
      });
  // Called once per request: the plain C interface spares the wrapper's cost.
  napi_value wake, wipe;
  napi_value prototype = constructor.Get("prototype");
  napi_create_function(env, "wake", NAPI_AUTO_LENGTH, Wake, nullptr, &wake);
  napi_set_named_property(env, prototype, "wake", wake);
  napi_create_function(env, "wipe", NAPI_AUTO_LENGTH, Wipe, nullptr, &wipe);
  napi_set_named_property(env, prototype, "wipe", wipe);
  Addon *addon = env.GetInstanceData<Addon>();
  addon->channel_constructor = Napi::Persistent(constructor);
  return constructor;
}

// (bytes, onNews, onHandover); runtime/native.ts has checked the types.
Channel::Channel(const Napi::CallbackInfo &info) : Napi::ObjectWrap<Channel>(info) {
  Napi::Env env = info.Env();
  if (!CreateMemory(env, static_cast<size_t>(info[0].As<Napi::Number>().Int64Value()))) {
    return;
  }
  if (!CreateDescriptors(env)) return;
  on_news_ = Napi::Persistent(info[1].As<Napi::Function>());
  on_handover_ = Napi::Persistent(info[2].As<Napi::Function>());
  napi_async_init(env, Value(), Napi::String::New(env, "phpack"), &async_context_);
  StartHandles(env);
  Ref();
}

Channel::~Channel() { CloseDescriptors(); }

bool Channel::CreateMemory(Napi::Env env, size_t bytes) {
  memory_fd_ = memfd_create("phpack-channel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (memory_fd_ < 0) {
    SystemError(env, "memfd_create", errno).ThrowAsJavaScriptException();
    return false;
  }
  // Sealed, so that no process that holds it can shrink it: SIGBUS for all others.
  if (ftruncate(memory_fd_, static_cast<off_t>(bytes)) != 0 ||
      fcntl(memory_fd_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    SystemError(env, "ftruncate", errno).ThrowAsJavaScriptException();
    return false;
  }
  void *base =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd_, 0);
  if (base == MAP_FAILED) {
    SystemError(env, "mmap", errno).ThrowAsJavaScriptException();
    return false;
  }
  // What visitors send and get has no place in a crash report.
  madvise(base, bytes, MADV_DONTDUMP);
  memory_ = static_cast<phpack_channel *>(base);
  bytes_ = bytes;
  slots_ = bytes < PHPACK_SLOTS_OFFSET
               ? 0
               : static_cast<uint32_t>((bytes - PHPACK_SLOTS_OFFSET) / PHPACK_SLOT_BYTES);
  if (slots_ > PHPACK_MAX_SLOTS) slots_ = PHPACK_MAX_SLOTS;
  // The mapping belongs to the ArrayBuffer from here on.
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(
      env, base, bytes, [bytes](Napi::Env, void *data) { munmap(data, bytes); });
  if (env.IsExceptionPending()) {
    munmap(base, bytes);
    return false;
  }
  buffer_ = Napi::Persistent(buffer.As<Napi::Object>());
  return true;
}

bool Channel::CreateDescriptors(Napi::Env env) {
  doorbell_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (doorbell_ < 0) {
    SystemError(env, "eventfd", errno).ThrowAsJavaScriptException();
    return false;
  }
  // No pipe: whoever holds one end of that can open the other by /proc/self/fd, and would
  // read what all other requests log.
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    SystemError(env, "socketpair", errno).ThrowAsJavaScriptException();
    return false;
  }
  log_reader_ = pair[0];
  log_writer_ = pair[1];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    SystemError(env, "socketpair", errno).ThrowAsJavaScriptException();
    return false;
  }
  handover_ = pair[0];
  handover_peer_ = pair[1];
  return true;
}

Napi::Value Channel::GetMemory(const Napi::CallbackInfo &) { return buffer_.Value(); }

// In the order in which the zygote inherits them: descriptors 3, 4, 5, 6.
Napi::Value Channel::GetDescriptors(const Napi::CallbackInfo &info) {
  const int all[] = {memory_fd_, doorbell_, log_writer_, handover_peer_};
  Napi::Array result = Napi::Array::New(info.Env(), 4);
  for (uint32_t i = 0; i < 4; i++) result.Set(i, all[i]);
  return result;
}

// The caller closes it.
Napi::Value Channel::TakeLogReader(const Napi::CallbackInfo &info) {
  int fd = log_reader_;
  log_reader_ = -1;
  return Napi::Number::New(info.Env(), fd);
}

// After the zygote has them, so that its end closes the sockets. Of the memory only
// mappings are left then: nobody can open it any more by /proc/PID/fd.
void Channel::CloseChildEnds(const Napi::CallbackInfo &) {
  CloseDescriptor(&memory_fd_);
  CloseDescriptor(&log_writer_);
  CloseDescriptor(&handover_peer_);
}

// (replyFd, fd): sends fd over replyFd (nothing when fd is -1) and closes replyFd.
void Channel::Answer(const Napi::CallbackInfo &info) {
  int reply = info[0].As<Napi::Number>().Int32Value();
  int fd = info[1].As<Napi::Number>().Int32Value();
  if (fd >= 0) SendDescriptor(reply, fd);
  CloseDescriptor(&reply);
}

// (offset): wakes one process that waits on the word at this byte offset.
napi_value Channel::Wake(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value argument, self;
  uint32_t offset = 0;
  void *data = nullptr;
  napi_get_cb_info(env, info, &argc, &argument, &self, nullptr);
  napi_get_value_uint32(env, argument, &offset);
  if (napi_unwrap(env, self, &data) != napi_ok || data == nullptr) return nullptr;
  Channel *channel = static_cast<Channel *>(data);
  if (channel->state_ == State::kOpen && offset < channel->bytes_) {
    char *word = reinterpret_cast<char *>(channel->memory_) + offset;
    syscall(SYS_futex, word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }
  return nullptr;
}

// All of a slot, given back to the system: its pages are zeros when they are next touched.
static void WipeAll(phpack_slot *slot) {
  if (madvise(slot, PHPACK_SLOT_BYTES, MADV_REMOVE) == 0) return;
  memset(static_cast<void *>(slot), 0, PHPACK_SLOT_BYTES); // pages larger than 4 KiB
}

// (slot, request body's bytes, response's bytes): overwrites what a request left in its
// slot; the counts say how much of the rings it has used. A negative one: unknown.
napi_value Channel::Wipe(napi_env env, napi_callback_info info) {
  size_t argc = 3;
  napi_value arguments[3], self;
  double body = -1, response = -1;
  uint32_t index = 0;
  void *data = nullptr;
  napi_get_cb_info(env, info, &argc, arguments, &self, nullptr);
  napi_get_value_uint32(env, arguments[0], &index);
  napi_get_value_double(env, arguments[1], &body);
  napi_get_value_double(env, arguments[2], &response);
  if (napi_unwrap(env, self, &data) != napi_ok || data == nullptr) return nullptr;
  Channel *channel = static_cast<Channel *>(data);
  if (channel->state_ != State::kOpen || index >= channel->slots_) return nullptr;
  phpack_slot *slot = phpack_slot_at(channel->memory_, index);
  if (body < 0 || response < 0) {
    WipeAll(slot);
    return nullptr;
  }
  const uint32_t head = slot->head_bytes, response_head = slot->response_head_bytes;
  const auto clear = [slot](size_t offset, double used, size_t size) {
    char *start = reinterpret_cast<char *>(slot) + offset;
    memset(start, 0, used < static_cast<double>(size) ? static_cast<size_t>(used) : size);
  };
  clear(PHPACK_REQUEST_HEAD_OFFSET, head, PHPACK_REQUEST_HEAD);
  clear(PHPACK_RESPONSE_HEAD_OFFSET, response_head, PHPACK_RESPONSE_HEAD);
  clear(PHPACK_REQUEST_RING_OFFSET, body, PHPACK_REQUEST_RING);
  clear(PHPACK_RESPONSE_RING_OFFSET, response, PHPACK_RESPONSE_RING);
  // Whoever is led here by a wrong word finds no request.
  slot->head_bytes = 0;
  return nullptr;
}

void Channel::Close(const Napi::CallbackInfo &) { StartClosing(); }

void Channel::CloseDescriptors() {
  CloseDescriptor(&memory_fd_);
  CloseDescriptor(&doorbell_);
  CloseDescriptor(&log_reader_);
  CloseDescriptor(&log_writer_);
  CloseDescriptor(&handover_);
  CloseDescriptor(&handover_peer_);
}

}  // namespace phpack
