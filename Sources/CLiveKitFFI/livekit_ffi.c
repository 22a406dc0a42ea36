#include "livekit_ffi.h"
