#pragma once
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <microhttpd.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* A daemon without a listening socket: connections are handed to it with
   MHD_add_connection. One thread and one epoll each. In C because the option
   list is variadic and mixes pointers, ints and sizes. */
static inline struct MHD_Daemon *front_start_daemon(
    MHD_AccessHandlerCallback access, void *(*target)(void *, const char *, struct MHD_Connection *),
    MHD_RequestCompletedCallback completed, MHD_NotifyConnectionCallback notify, MHD_LogCallback log, void *context,
    size_t pool_bytes, unsigned int connections, unsigned int timeout_seconds) {
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG, 0, NULL,
        NULL, access, context,
        /* The logger first: messages about the options after it go there. */
        MHD_OPTION_EXTERNAL_LOGGER, log, context, MHD_OPTION_URI_LOG_CALLBACK, target, context,
        MHD_OPTION_NOTIFY_COMPLETED, completed, context, MHD_OPTION_NOTIFY_CONNECTION, notify, context,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, pool_bytes, MHD_OPTION_CONNECTION_LIMIT, connections,
        MHD_OPTION_CONNECTION_TIMEOUT, timeout_seconds,
        /* 0, not strict: what strict mode refuses it answers in its own HTML or
           with a bare close. We check the same things and answer ourselves. */
        MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_END);
}

/* MHD_get_connection_info is variadic. */
static inline int front_connection_descriptor(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

/* What the notify callback put into its socket context. */
static inline void *front_connection_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

/* The size of a request's head; known from the first access callback on. */
static inline size_t front_head_bytes(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info == NULL ? 0 : info->header_size;
}

/* An unknown length; the macro has a cast that Swift does not import. */
static inline struct MHD_Response *front_stream_response(
    size_t block_bytes, MHD_ContentReaderCallback reader, void *context, MHD_ContentReaderFreeCallback release) {
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, block_bytes, reader, context, release);
}

/* For HEAD: an answer without framing, whose connection ends. Variadic. */
static inline void front_omit_framing(struct MHD_Response *response) {
    MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
}

static const ssize_t front_reader_end = -1;   /* MHD_CONTENT_READER_END_OF_STREAM */
static const ssize_t front_reader_error = -2; /* MHD_CONTENT_READER_END_WITH_ERROR */

/* epoll with a 64-bit key; epoll_event is packed and holds a union. */
static const uint32_t front_in = EPOLLIN;
static const uint32_t front_edge = EPOLLET;
static const uint32_t front_gone = EPOLLRDHUP;

static inline int front_epoll_set(int epoll, int operation, int descriptor, uint32_t events, uint64_t key) {
    struct epoll_event event = {.events = events, .data.u64 = key};
    return epoll_ctl(epoll, operation, descriptor, &event) == 0 ? 0 : errno;
}

/* Fills keys with what is ready; at most 64 at a time. */
static inline int front_epoll_wait(int epoll, uint64_t keys[64], int timeout_ms) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, 64, timeout_ms);
    for (int index = 0; index < count; index++) keys[index] = events[index].data.u64;
    return count;
}

/* The socket calls whose flags are enumerations here and macros there, depending
   on which module got to the header first; and accept4, which Swift does not see. */
static inline int front_socket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

/* Declared by the system only under _GNU_SOURCE, which would make fd_set another
   type than the one in Foundation's modules. */
int accept4(int, struct sockaddr *, socklen_t *, int);

static inline int front_accept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static inline ssize_t front_peek(int descriptor, void *target, size_t count) {
    return recv(descriptor, target, count, MSG_PEEK | MSG_DONTWAIT);
}

static inline ssize_t front_receive(int descriptor, void *target, size_t count) {
    return recv(descriptor, target, count, MSG_DONTWAIT);
}

static inline ssize_t front_send(int descriptor, const void *bytes, size_t count) {
    return send(descriptor, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static inline int front_duplicate(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 0); }

static inline void front_shut_down(int descriptor) { shutdown(descriptor, SHUT_RDWR); }

static inline void front_shut_down_writing(int descriptor) { shutdown(descriptor, SHUT_WR); }

/* How long sent bytes may wait for the peer's word before the system gives the
   connection up. The header's constants are macros in some modules only. */
static inline int front_bound_silence(int descriptor, unsigned int milliseconds) {
    return setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}

static inline int front_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int front_epoll_forget(int epoll, int descriptor) {
    return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, NULL);
}

static inline int front_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t key) {
    return front_epoll_set(epoll, EPOLL_CTL_ADD, descriptor, events, key);
}

static inline int front_epoll_change(int epoll, int descriptor, uint32_t events, uint64_t key) {
    return front_epoll_set(epoll, EPOLL_CTL_MOD, descriptor, events, key);
}

static inline int front_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

static inline void front_eventfd_raise(int descriptor) { eventfd_write(descriptor, 1); }

static inline void front_eventfd_clear(int descriptor) {
    eventfd_t count;
    eventfd_read(descriptor, &count);
}
