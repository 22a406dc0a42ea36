/// Turngate's own declaration of LiveKit's native core (liblivekit_ffi).
///
/// The library is found at run time only, so its four functions come as a
/// table filled by dlopen and dlsym instead of being linked.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Receives every event of the core as an encoded `FfiEvent`. Comes on the
/// core's own threads; the bytes live only as long as the call.
typedef void (*livekit_core_callback)(const uint8_t *_Nullable data, size_t length);

/// The core's four functions. A handle of 0 means failure.
typedef struct {
    void (*_Nonnull initialize)(
        livekit_core_callback _Nonnull callback, bool capture_logs,
        const char *_Nonnull sdk_name, const char *_Nonnull sdk_version);
    /// Takes an encoded `FfiRequest`; `*response` stays valid until the
    /// returned handle is dropped.
    uint64_t (*_Nonnull request)(
        const uint8_t *_Nonnull data, size_t length,
        const uint8_t *_Nullable *_Nonnull response, size_t *_Nonnull response_length);
    bool (*_Nonnull drop_handle)(uint64_t handle);
    void (*_Nonnull dispose)(void);
} livekit_core_table;

/// Loads the library at `path` and fills `table`. Returns false with a text in
/// `error` (always terminated) when the library is missing, is not a library,
/// or lacks one of the four. The library is never unloaded: its threads live
/// as long as the process.
bool livekit_core_load(
    const char *_Nonnull path, livekit_core_table *_Nonnull table,
    char *_Nonnull error, size_t error_capacity);
