/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which exact method serves a document. */
#ifndef ELBOW_EVIDENCE_EXACT_H
#define ELBOW_EVIDENCE_EXACT_H

#include <stddef.h>

enum exact_method { EXACT_NONE, EXACT_URN, EXACT_QUADRATURE, EXACT_PARTITIONS };

/* The cheapest by predicted cost; *seconds (NULL is allowed) HUGE_VAL where none applies. */
enum exact_method exact_choice(size_t topics, size_t tokens, size_t pairs, const unsigned *count, double *seconds);

#endif
