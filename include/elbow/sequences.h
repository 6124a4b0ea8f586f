/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sequences of symbols, one observation a line, immutable. */
#ifndef ELBOW_SEQUENCES_H
#define ELBOW_SEQUENCES_H

#include <stddef.h>
#include <stdint.h>

#include "elbow/settings.h"
#include "elbow/status.h"

struct em_sequences {
	size_t count, symbols;       /* symbols: size of the alphabet */
	size_t total, longest;       /* symbols of all sequences; of the longest */
	const size_t *row;           /* [count+1]: sequence n is symbol[row[n]] .. symbol[row[n+1]-1]; may be empty */
	const uint32_t *symbol;      /* [total] < symbols */
	const char *const *alphabet; /* [symbols] NUL-terminated UTF-8, in code-point order; printable only after text_safe() */
	const char *const *name;     /* [count] "line 7" */
};

/* The setting of this module: symbols = words | letters. */
extern const struct em_setting_table em_sequences_settings;

/* Reads a text file ("-": standard input), one sequence a line: words between blanks as they stand, or the letters of the
 * line, case folded, every run of other characters one blank. An empty line is an empty sequence. Owned: free. */
enum em_status em_sequences_open(const char *path, const struct em_settings *s, struct em_sequences **out,
                                 struct em_err *err);
/* The same of text in memory; `name` stands in messages. */
enum em_status em_sequences_from(const char *name, const char *bytes, size_t size, const struct em_settings *s,
                                 struct em_sequences **out, struct em_err *err);
void em_sequences_free(struct em_sequences *q);

#endif
