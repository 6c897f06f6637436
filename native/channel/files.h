// Descriptors: small system calls that Node has no function for.
#ifndef PHPACK_FILES_H
#define PHPACK_FILES_H

#include <sys/types.h>

#include "addon.h"

namespace phpack {

// Closes *fd unless it is -1, and makes it -1.
void CloseDescriptor(int *fd);

// Sends one byte with fd attached; errors mean that the receiver is gone.
void SendDescriptor(int socket, int fd);

// One message. -1: none there (or an error); 0: an empty one, or all other ends are closed.
ssize_t ReceiveWithDescriptor(int socket, void *data, size_t bytes, int *fd);

// All other ends of the socket are closed.
bool IsHungUp(int socket);

Napi::Value MemfdFromFile(const Napi::CallbackInfo &info);
Napi::Value ReopenForReading(const Napi::CallbackInfo &info);
Napi::Value WriteNoWait(const Napi::CallbackInfo &info);
Napi::Value CreatePipe(const Napi::CallbackInfo &info);
Napi::Value TryLock(const Napi::CallbackInfo &info);
Napi::Value SyncFilesystem(const Napi::CallbackInfo &info);
Napi::Value TrimMemory(const Napi::CallbackInfo &info);
Napi::Value HideMemory(const Napi::CallbackInfo &info);

}  // namespace phpack

#endif
