#pragma once
#include <curl/curl.h>
#include <stddef.h>

// curl_easy_setopt, curl_easy_getinfo and curl_multi_setopt are C variadics (and
// macros that check types), which Swift cannot call. Each inline here is one of
// their argument types; the parentheses step around the macros.

static inline CURLcode turngate_curl_set_long(CURL *easy, CURLoption option, long value) {
    return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode turngate_curl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
    return (curl_easy_setopt)(easy, option, value);
}

// Strings, header lists and user data: whatever curl takes by address.
static inline CURLcode turngate_curl_set_pointer(CURL *easy, CURLoption option, const void *value) {
    return (curl_easy_setopt)(easy, option, value);
}

// CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION share this signature.
static inline CURLcode turngate_curl_set_sink(CURL *easy, CURLoption option, curl_write_callback sink) {
    return (curl_easy_setopt)(easy, option, sink);
}

static inline CURLcode turngate_curl_set_opener(CURL *easy, curl_opensocket_callback opener) {
    return (curl_easy_setopt)(easy, CURLOPT_OPENSOCKETFUNCTION, opener);
}

static inline CURLcode turngate_curl_get_long(CURL *easy, CURLINFO info, long *value) {
    return (curl_easy_getinfo)(easy, info, value);
}

static inline CURLMcode turngate_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return (curl_multi_setopt)(multi, option, value);
}

// The flags of curl_global_init are macros with casts in them.
static inline CURLcode turngate_curl_global_init(void) {
    return curl_global_init(CURL_GLOBAL_DEFAULT);
}

// `addr` is declared as a bare sockaddr but holds `addrlen` bytes (an IPv6
// address is longer): Swift's copy of the struct would cut it short.
static inline const void *turngate_curl_address_bytes(const struct curl_sockaddr *address) {
    return &address->addr;
}

// A macro with a cast: "no socket".
static inline curl_socket_t turngate_curl_no_socket(void) {
    return CURL_SOCKET_BAD;
}

// A union member of CURLMsg.
static inline CURLcode turngate_curl_message_result(const CURLMsg *message) {
    return message->data.result;
}
