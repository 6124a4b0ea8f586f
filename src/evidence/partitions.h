/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The sum over which words each topic takes, topic by topic: what the evidence and the posterior of a document share. */
#ifndef ELBOW_EVIDENCE_PARTITIONS_H
#define ELBOW_EVIDENCE_PARTITIONS_H

#include "elbow/document.h"

enum { PARTITION_WORDS = 24 };

/* What of a document was explained: a count of each distinct word, at most the document's. Words by count: those that occur once first
 * where there are three of them, for they are done together; or else last. */
struct partitions {
	size_t k, pairs, tokens, states;
	bool logs;                          /* the range of doubles is too narrow: all values are logs */
	double least;                       /* what lies below is 0 */
	double pair_sum;                    /* pairs of states s <= c: the terms of a convolution */
	double log_word, log_rise, offset;  /* log lambda in two parts; sum c log top */
	const struct em_document *d;
	const struct em_stop *stop;
	bool halted;
	size_t patience;
	size_t word[PARTITION_WORDS];       /* index in the document */
	size_t most[PARTITION_WORDS], stride[PARTITION_WORDS + 1];
	double top[PARTITION_WORDS];
	bool absent[PARTITION_WORDS];       /* the topic in hand does not have the word */
	uint32_t *size;               /* [states]: |c| */
	double *rising;                     /* [tokens+1] scratch */
	double *own, *before, *after;       /* [states]: of the topic in hand, of those before it, with it */
	void *block;
};

enum em_status partitions_new(struct partitions *p, const struct em_document *d, const struct em_stop *stop, struct em_err *err);
void partitions_free(struct partitions *p);
/* g of topic i to p->own. */
void partitions_topic(struct partitions *p, size_t i);
/* out = f * h; h must be p->own. */
void partitions_convolve(struct partitions *p, const double *f, const double *h, double *out);
/* log p(w) by all topics; p->logs is set where doubles do not do. EM_CANCELLED. */
enum em_status partitions_sum(struct partitions *p, double *log_p, struct em_err *err);

#endif
