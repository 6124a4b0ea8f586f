/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a model is fitted to: one kind of observations, immutable. */
#ifndef ELBOW_DATA_H
#define ELBOW_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "elbow/corpus.h"
#include "elbow/points.h"
#include "elbow/sequences.h"

enum em_data_kind {
	EM_DATA_CORPUS,   /* counts of terms */
	EM_DATA_POINTS,   /* rows of numbers */
	EM_DATA_SEQUENCES /* strings of symbols */
};

/* One of the three pointers, by kind; the others are NULL. */
struct em_data {
	enum em_data_kind kind;
	const char *name;
	size_t observations;
	const struct em_corpus *corpus;
	const struct em_points *points;
	const struct em_sequences *sequences;
};

/* The settings that reading this kind of data takes. */
const struct em_setting_table *em_data_settings(enum em_data_kind kind);

/* Opens a file (or folder) as this kind of data; a path of NULL is the built-in corpus. Owned: em_data_free. */
enum em_status em_data_open(enum em_data_kind kind, const char *path, const struct em_settings *s,
                            struct em_data **out, struct em_err *err);
/* Takes the parts over (exactly one is not NULL); name is copied. On failure they are freed. */
enum em_status em_data_of(const char *name, struct em_corpus *corpus, struct em_points *points,
                          struct em_sequences *sequences, struct em_data **out, struct em_err *err);
void em_data_free(struct em_data *d); /* NULL is allowed */
/* A checksum of all that a model and the screen see of it: numbers, words, names, texts. The same on any machine of the same byte order. */
uint64_t em_data_sum(const struct em_data *d);

/* Observation n in a few words, as the data have it (unsafe for screens): a title, "3.6, 79", "line 7". */
void em_data_label(const struct em_data *d, size_t n, char *out, size_t size);
/* How many tokens or symbols observation n has; NAN for points. */
double em_data_length(const struct em_data *d, size_t n);
/* What was read, as lines of plain text. Owned by the caller (free). NULL: out of memory. */
char *em_data_report(const struct em_data *d);

#endif
