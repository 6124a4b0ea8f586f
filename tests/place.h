/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A directory for each test, files in it, and corpora opened from them. */
#ifndef ELBOW_TESTS_PLACE_H
#define ELBOW_TESTS_PLACE_H

#include <stddef.h>

#include "elbow/corpus.h"

/* Set-up and tear-down of a test that writes files. */
int make_place(void **state);
int drop_place(void **state);

/* The path of a name there; good until four more were asked for. */
const char *in_place(const char *name);
/* Writes a file there and returns its path. */
const char *put(const char *name, const char *text);
const char *put_bytes(const char *name, const char *bytes, size_t n);

/* Settings of corpora at their defaults but for "name=value name=value". Owned: em_settings_release. */
struct em_settings *test_settings(const char *changes);
/* Opens a corpus or fails the test. Owned: em_corpus_free. */
struct em_corpus *open_with(const char *path, const char *changes);
/* Opens what cannot be opened; the message without the directory in front. */
const char *refusal(const char *path, const char *changes);

/* "apple:2 pear:1||plum:1": the documents as counts of terms in their order. Owned: free. */
char *shape(const struct em_corpus *c);
void assert_shape(const char *path, const char *changes, const char *expected);
void assert_reports(const struct em_corpus *c, const char *part);

#endif
