/* Loaded into the service by LD_PRELOAD: for each byte that comes through the pipe HEAP_WATCH_IN it
   writes how many bytes of the heap are in use to HEAP_WATCH_OUT. Resident memory cannot tell a leak of
   some KiB from what the allocator keeps for later; this can. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *watch(void *unused) {
    (void)unused;
    int in = open(getenv("HEAP_WATCH_IN"), O_RDWR | O_CLOEXEC), out = open(getenv("HEAP_WATCH_OUT"), O_RDWR | O_CLOEXEC);
    char byte, line[32];
    while (in >= 0 && out >= 0 && read(in, &byte, 1) == 1) {
        struct mallinfo2 info = mallinfo2();
        int length = snprintf(line, sizeof line, "%zu\n", info.uordblks + info.hblkhd);
        if (write(out, line, (size_t)length) != length) break;
    }
    return NULL;
}

__attribute__((constructor)) static void start(void) {
    pthread_t thread;
    if (getenv("HEAP_WATCH_IN") && pthread_create(&thread, NULL, watch, NULL) == 0) pthread_detach(thread);
}
