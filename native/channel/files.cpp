#include "files.h"

#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MFD_EXEC /* Linux 6.3; older kernels refuse the flag */
#define MFD_EXEC 0x0010U
#endif

namespace phpack {

void CloseDescriptor(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

void SendDescriptor(int socket, int fd) {
  char byte = 0;
  struct iovec data = {&byte, 1};
  alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  struct msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  (void)!sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

ssize_t ReceiveWithDescriptor(int socket, void *data, size_t bytes, int *fd) {
  struct iovec into = {data, bytes};
  alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof *fd)] = {};
  struct msghdr message = {};
  message.msg_iov = &into;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  *fd = -1;
  ssize_t received;
  do {
    received = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return -1;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET ||
      header->cmsg_type != SCM_RIGHTS) {
    return received;
  }
  // CMSG_SPACE rounds up: a second descriptor would fit, and nobody would close it.
  int attached[2] = {-1, -1};
  memcpy(attached, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
  *fd = attached[0];
  CloseDescriptor(&attached[1]);
  return received;
}

bool IsHungUp(int socket) {
  struct pollfd watched = {socket, 0, 0};
  return poll(&watched, 1, 0) > 0 && (watched.revents & POLLHUP) != 0;
}

static int CreateExecutableMemfd(const char *name) {
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  if (fd < 0 && errno == EINVAL) {
    fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  }
  return fd;
}

static bool CopyAll(int from, int to) {
  struct stat status;
  if (fstat(from, &status) != 0) return false;
  off_t offset = 0;
  while (offset < status.st_size) {
    ssize_t copied = sendfile(to, from, &offset, static_cast<size_t>(status.st_size));
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0) return false;
    if (copied == 0) break; /* the file was truncated meanwhile */
  }
  return true;
}

// (fd, name) → a sealed, executable copy in memory. Numbers from 100 on, so that the
// stdio of a spawn cannot overwrite it before /proc/self/fd/N has been executed.
Napi::Value MemfdFromFile(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  int source = info[0].As<Napi::Number>().Int32Value();
  std::string name = info[1].As<Napi::String>();
  int low = CreateExecutableMemfd(name.c_str());
  if (low < 0) {
    SystemError(env, "memfd_create", errno).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  int result = -1;
  if (CopyAll(source, low) && fcntl(low, F_ADD_SEALS, seals) == 0) {
    result = fcntl(low, F_DUPFD_CLOEXEC, 100);
  }
  int error = errno;
  CloseDescriptor(&low);
  if (result < 0) {
    SystemError(env, "sendfile", error).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  return Napi::Number::New(env, result);
}

// (fd) → another descriptor of the same file with an offset of its own, 0. Works for
// unlinked files. Without /proc the offset is shared, and therefore rewound.
Napi::Value ReopenForReading(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  int fd = info[0].As<Napi::Number>().Int32Value();
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int result = open(path, O_RDONLY | O_CLOEXEC);
  if (result < 0) {
    result = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (result >= 0 && lseek(result, 0, SEEK_SET) < 0) CloseDescriptor(&result);
  }
  if (result < 0) {
    SystemError(env, "open", errno).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  return Napi::Number::New(env, result);
}

// A pipe that poll() calls writable takes PIPE_BUF bytes at once, unless another process
// was faster: those who share a log with us write little.
static ssize_t WriteIfReady(int fd, const void *data, size_t bytes) {
  struct pollfd ready = {fd, POLLOUT, 0};
  if (poll(&ready, 1, 0) == 0) {
    errno = EAGAIN;
    return -1;
  }
  return write(fd, data, bytes < PIPE_BUF ? bytes : PIPE_BUF);
}

// (fd, bytes) → how many were written; 0 when there is no room. O_NONBLOCK would belong to
// everybody who has the same socket or pipe open.
Napi::Value WriteNoWait(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  int fd = info[0].As<Napi::Number>().Int32Value();
  auto bytes = info[1].As<Napi::Buffer<uint8_t>>();
  ssize_t written;
  do {
    written = send(fd, bytes.Data(), bytes.Length(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (written < 0 && errno == ENOTSOCK) {
      written = WriteIfReady(fd, bytes.Data(), bytes.Length());
    }
  } while (written < 0 && errno == EINTR);
  if (written < 0 && errno != EAGAIN) {
    SystemError(env, "write", errno).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  return Napi::Number::New(env, written < 0 ? 0 : static_cast<double>(written));
}

// () → [reading end, writing end]. What Node gives a child as output is a socket, and
// scripts that open /dev/stderr (as Docker images configure) get ENXIO from sockets. Opened
// anew, also by /proc/PID/fd, it can only be written to: it is no way to read what others
// wrote. (Root may, as ever.)
Napi::Value CreatePipe(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    SystemError(env, "pipe2", errno).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  fchmod(ends[1], S_IWUSR);
  Napi::Array result = Napi::Array::New(env, 2);
  result.Set(0u, ends[0]);
  result.Set(1u, ends[1]);
  return result;
}

// (fd) → true when this descriptor now holds the file's exclusive advisory lock. Never
// waits: that would stop the event loop.
Napi::Value TryLock(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  int fd = info[0].As<Napi::Number>().Int32Value();
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return Napi::Boolean::New(env, true);
  if (errno != EWOULDBLOCK) {
    SystemError(env, "flock", errno).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  return Napi::Boolean::New(env, false);
}

// (fd) → writes everything of the file system that contains it to the disk. For thousands of
// new files, an fsync of each would cost a journal commit of its own.
Napi::Value SyncFilesystem(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (syncfs(info[0].As<Napi::Number>().Int32Value()) != 0) {
    SystemError(env, "syncfs", errno).ThrowAsJavaScriptException();
  }
  return env.Undefined();
}

// () → gives freed memory back to the system: unpacking an app leaves tens of megabytes
// of it in malloc's heap, which a server would keep for ever.
Napi::Value TrimMemory(const Napi::CallbackInfo &info) {
  malloc_trim(0);
  return info.Env().Undefined();
}

// () → other processes of the same user cannot read this one's memory and descriptors any
// more: /proc/PID/{fd,mem,environ,…} and ptrace need CAP_SYS_PTRACE then (proc(5)). What it
// executes starts without this.
Napi::Value HideMemory(const Napi::CallbackInfo &info) {
  prctl(PR_SET_DUMPABLE, 0);
  return info.Env().Undefined();
}

}  // namespace phpack
