#include "livekit_ffi.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

// A function's address cannot be assigned from dlsym's object pointer in
// standard C; POSIX allows it through the representation.
static bool find(void *library, const char *name, void *slot, char *error, size_t capacity) {
    void *symbol = dlsym(library, name);
    if (symbol == NULL) {
        snprintf(error, capacity, "the library has no symbol %s", name);
        return false;
    }
    memcpy(slot, &symbol, sizeof symbol);
    return true;
}

bool livekit_core_load(
    const char *path, livekit_core_table *table, char *error, size_t capacity) {
    // RTLD_LOCAL: it brings a TLS library of its own, whose names must not meet
    // those of the OpenSSL that this process uses.
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *reason = dlerror();
        snprintf(error, capacity, "%s", reason != NULL ? reason : "dlopen failed");
        return false;
    }
    return find(library, "livekit_ffi_initialize", &table->initialize, error, capacity)
        && find(library, "livekit_ffi_request", &table->request, error, capacity)
        && find(library, "livekit_ffi_drop_handle", &table->drop_handle, error, capacity)
        && find(library, "livekit_ffi_dispose", &table->dispose, error, capacity);
}
