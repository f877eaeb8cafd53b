// SPDX-License-Identifier: Apache-2.0
//
// libcurl, whose functions are variadic: each kind of argument has a `static inline` wrapper. And
// of libsystemd: the machine's id, and how a service tells its state.
#pragma once

#include <curl/curl.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>

static inline CURLcode permit_set_number(CURL *curl, CURLoption option, long value) {
    return curl_easy_setopt(curl, option, value);
}

static inline CURLcode permit_set_text(CURL *curl, CURLoption option, const char *value) {
    return curl_easy_setopt(curl, option, value);
}

static inline CURLcode permit_set_list(
    CURL *curl, CURLoption option, const struct curl_slist *value
) {
    return curl_easy_setopt(curl, option, value);
}

typedef size_t (*permit_receive)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode permit_set_receiver(CURL *curl, permit_receive receive, void *context) {
    CURLcode code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    return code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_WRITEDATA, context) : code;
}

static inline CURLcode permit_set_pointer(CURL *curl, CURLoption option, void *value) {
    return curl_easy_setopt(curl, option, value);
}

static inline long permit_number(CURL *curl, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(curl, info, &value) == CURLE_OK ? value : 0;
}

/// NULL if there is none.
static inline const char *permit_text(CURL *curl, CURLINFO info) {
    char *value = NULL;
    return curl_easy_getinfo(curl, info, &value) == CURLE_OK ? value : NULL;
}

/// 32 digits, derived from the machine's id with an id of this program. Negative errno on failure.
static inline int permit_machine_id(char text[33]) {
    const sd_id128_t program = SD_ID128_MAKE(
        7c, 1f, 5e, 0a, 63, 2d, 4b, 9e, 8e, 0d, 91, c4, 5a, 27, f6, 3b
    );
    sd_id128_t machine;
    int result = sd_id128_get_machine_app_specific(program, &machine);
    if (result >= 0) sd_id128_to_string(machine, text);
    return result;
}
