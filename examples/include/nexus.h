/* What a WebAssembly guest may ask of Nexus: docs/abi.md.
 *
 * Strings are UTF-8 and values JSON, both with their length in bytes. A function that takes a buffer
 * returns the length of what it has to give; where that is more than `size`, nothing was written.
 * A negative return is one of the statuses. */

#ifndef NEXUS_H
#define NEXUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum nexus_status {
    NEXUS_OK = 0,
    NEXUS_NOT_FOUND = -1,   /* the state has no such key */
    NEXUS_DENIED = -2,      /* the manifest does not grant it, whether it exists or not */
    NEXUS_INVALID = -3,     /* no key, no JSON, no UTF-8, no such command or level */
    NEXUS_UNAVAILABLE = -4, /* this execution has no context */
    NEXUS_FAULT = -5,       /* a pointer or a length leads out of the memory */
    NEXUS_STOPPED = -6,     /* the execution is over: return */
    NEXUS_FAILED = -7,      /* the extension answered with an error */
    NEXUS_STORE_UNAVAILABLE = -8, /* the key-value store is away, or took too long */
    NEXUS_STORE_FULL = -9   /* the namespace would become too large */
};

enum nexus_level { NEXUS_DEBUG, NEXUS_INFO, NEXUS_WARN, NEXUS_ERROR };

#define NEXUS_IMPORT(name) __attribute__((import_module("nexus"), import_name(#name))) extern

/* The value of a key of the state. Needs state:read:KEY, as does state_has. */
NEXUS_IMPORT(state_get)
int32_t nexus_state_get(const char *key, size_t key_size, char *buffer, size_t size);

/* 1 or 0. */
NEXUS_IMPORT(state_has) int32_t nexus_state_has(const char *key, size_t key_size);

/* A JSON array of the keys that may be read. */
NEXUS_IMPORT(state_keys) int32_t nexus_state_keys(char *buffer, size_t size);

/* Needs state:write:KEY, as does state_delete. */
NEXUS_IMPORT(state_set)
int32_t nexus_state_set(const char *key, size_t key_size, const char *value, size_t value_size);

/* Whether the key was there or not. */
NEXUS_IMPORT(state_delete) int32_t nexus_state_delete(const char *key, size_t key_size);

/* Needs events:emit:NAME. */
NEXUS_IMPORT(emit)
int32_t nexus_emit(const char *name, size_t name_size, const char *payload, size_t payload_size);

/* `command` is setFilter, scrollTo, focus or custom. Needs view:update:ID. */
NEXUS_IMPORT(view)
int32_t nexus_view(const char *command, size_t command_size, const char *id, size_t id_size,
                   const char *argument, size_t argument_size);

/* What the context has; `null` without one. */
NEXUS_IMPORT(args) int32_t nexus_args(char *buffer, size_t size);
NEXUS_IMPORT(scope) int32_t nexus_scope(char *buffer, size_t size);

/* Call an extension and wait; the length of its answer, which ext_result then gives. On NEXUS_FAILED
 * ext_result gives the message, as a JSON string. Needs ext:NAME. */
NEXUS_IMPORT(ext_call)
int32_t nexus_ext_call(const char *name, size_t name_size, const char *method, size_t method_size,
                       const char *argument, size_t argument_size);
NEXUS_IMPORT(ext_result) int32_t nexus_ext_result(char *buffer, size_t size);

/* The key-value store. `space` is a namespace of the manifest's `kv`; of size 0: the handler's own.
 * kv_get and kv_list return the length of their answer, which kv_result then gives. A time to live is
 * in milliseconds; 0: for ever. */
NEXUS_IMPORT(kv_get)
int32_t nexus_kv_get(const char *space, size_t space_size, const char *key, size_t key_size);
NEXUS_IMPORT(kv_result) int32_t nexus_kv_result(char *buffer, size_t size);
NEXUS_IMPORT(kv_put)
int32_t nexus_kv_put(const char *space, size_t space_size, const char *key, size_t key_size,
                     const char *value, size_t value_size, int64_t ttl_ms);
NEXUS_IMPORT(kv_delete)
int32_t nexus_kv_delete(const char *space, size_t space_size, const char *key, size_t key_size);

/* JSON: {"keys": [{"name", "expiration"}], "list_complete", "cursor"}. `limit` is 1 to 1000. */
NEXUS_IMPORT(kv_list)
int32_t nexus_kv_list(const char *space, size_t space_size, const char *prefix, size_t prefix_size,
                      const char *cursor, size_t cursor_size, int32_t limit);

/* Adds `by` to the number that the key holds, or to 0, and writes the sum to `*sum`. */
NEXUS_IMPORT(kv_increment)
int32_t nexus_kv_increment(const char *space, size_t space_size, const char *key, size_t key_size,
                           int64_t by, int64_t ttl_ms, int64_t *sum);

/* 1 if the key held `expected` and now holds `value`, else 0. A size of NEXUS_KV_ABSENT: no key. */
#define NEXUS_KV_ABSENT ((size_t)-1)
NEXUS_IMPORT(kv_compare_and_set)
int32_t nexus_kv_compare_and_set(const char *space, size_t space_size, const char *key,
                                 size_t key_size, const char *expected, size_t expected_size,
                                 const char *value, size_t value_size, int64_t ttl_ms);

/* Send a request to a server that the manifest's `http` grants, in the background; its number. The
 * head is JSON: {"method", "url", "headers": [[name, value]], "redirect", "stream"}. */
NEXUS_IMPORT(http_start)
int32_t nexus_http_start(const char *head, size_t head_size, const char *body, size_t body_size);

/* Wait until any of them has ended, -1: however long that takes; its number, 0 for none. Then
 * http_result gives how it ended, as JSON, and http_body the answer's body. */
NEXUS_IMPORT(http_wait) int32_t nexus_http_wait(int32_t milliseconds);
NEXUS_IMPORT(http_result) int32_t nexus_http_result(char *buffer, size_t size);
NEXUS_IMPORT(http_body) int32_t nexus_http_body(char *buffer, size_t size);

/* With "stream" a long body comes in parts: while http_result says "more", ask for the next one, and wait. */
NEXUS_IMPORT(http_read) int32_t nexus_http_read(int32_t number);

/* Drop a request, or the rest of its answer's body. */
NEXUS_IMPORT(http_cancel) int32_t nexus_http_cancel(int32_t number);

/* A line of the handler's log. */
NEXUS_IMPORT(log) int32_t nexus_log(enum nexus_level level, const char *text, size_t size);

/* Milliseconds since 1970. */
NEXUS_IMPORT(time) int64_t nexus_time(void);

#ifdef __cplusplus
}
#endif

#endif
