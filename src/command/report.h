/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A snapshot as plain text, safe for a terminal: for `show`, and for elbow without one. */
#ifndef ELBOW_COMMAND_REPORT_H
#define ELBOW_COMMAND_REPORT_H

#include "base/buf.h"
#include "command/session.h"

/* The table of ledger entries up to the position; above `most` rows the middle is left out and counted. */
void report_ledger(struct buf *b, const struct em_snapshot *s, size_t most);
/* One line a component with its size and `words` top items. */
void report_components(struct buf *b, const struct em_snapshot *s, size_t words);
/* One component in full: `words` items with their weights. */
void report_component(struct buf *b, const struct em_snapshot *s, size_t k, size_t words);
/* One document: bound, log p, KL, shares. n is from 0. */
void report_document(struct buf *b, const struct em_snapshot *s, size_t n);
/* What the last step did: the model's sentence and the identity. */
void report_step(struct buf *b, const struct em_snapshot *s);
void report_verdict(struct buf *b, const struct em_snapshot *s);
/* The same, and rate, limit, what is to come, what moved most, each on its line (pace.c). */
void report_pace(struct buf *b, const struct em_snapshot *s);
/* Letters beyond ASCII spelled out, for locales without them. */
char *report_ascii(const char *utf8);

#endif
