/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One document of LDA looked into on its own: the exact posterior beside q, and what its KL is made of. */
#ifndef ELBOW_COMMAND_STUDY_H
#define ELBOW_COMMAND_STUDY_H

#include <stdatomic.h>

#include "elbow/document.h"
#include "elbow/lab.h"
#include "elbow/run.h"
#include "elbow/split.h"

/* Immutable, shared by the pictures it is in. */
struct study {
	atomic_size_t refs;
	size_t n;                       /* the document */
	size_t version;                 /* of the picture that it belongs to */
	double cost;                    /* predicted seconds of the posterior */
	struct em_posterior *posterior; /* NULL: not made, it would take too long */
	struct em_split split;
	struct em_lab *lab;             /* NULL: not asked for */
};

enum { STUDY_DRAWS = 4000 };
/* Predicted seconds that are spent unasked. */
#define STUDY_LIMIT 1.0

/* True for a document that there is something to study of: of LDA by mean field, without a prior on the topics. */
bool study_of(const struct em_snapshot *s, size_t n, struct em_document *out);
/* forced: whatever it costs, where it can be had at all. lab: the other E-steps too. Owned: study_release. */
enum em_status study_new(const struct em_snapshot *s, size_t n, size_t version, bool forced, bool lab, const struct em_hooks *h,
                         struct study **out, struct em_err *err);
struct study *study_retain(struct study *x); /* NULL passes through */
void study_release(struct study *x);

#endif
