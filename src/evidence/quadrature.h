/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gauss's quadrature over the simplex, topic by topic: what the evidence and the posterior of a document share. */
#ifndef ELBOW_EVIDENCE_QUADRATURE_H
#define ELBOW_EVIDENCE_QUADRATURE_H

#include "elbow/document.h"

enum { QUAD_TOPICS = 8, QUAD_LANES = 8 };

/* Values of one variable t (its topic's share of what the topics before it left), u = 1 - t. */
struct quad_stick {
	size_t nodes, padded; /* up to a multiple of the lanes; the log weights there are -INFINITY */
	double *t, *u, *log_weight;
};

struct quad {
	size_t k, pairs, groups;
	double offset, norm;               /* sum c log top; tokens */
	const struct em_stop *stop;
	bool halted;
	size_t patience;
	size_t topic[QUAD_TOPICS];         /* the document's topics in the order of the sticks */
	size_t *word;                      /* [pairs] index in the document: words by count */
	double *count;                     /* [groups] */
	size_t *end;                       /* [groups] */
	double *rel;                       /* [k][pairs]: beta relative to the word's largest */
	double *partial;                   /* [k][pairs]: what the sticks before have brought; [k-1] is scratch */
	double theta[QUAD_TOPICS];         /* of the sticks before the last, and what is left for the last */
	struct quad_stick stick[QUAD_TOPICS - 1];
	/* Takes log p(w|theta) - offset of eight nodes of the last stick, the log weights not added; first: index in stick 0
	 * unless that is the last. */
	void (*visit)(struct quad *q, size_t first, size_t last, double log_weight, const double *logs);
	void *sink;
	void *block;
};

/* A document of 2 .. QUAD_TOPICS topics with every word possible in some topic. first: the topic whose share is stick 0.
 * nodes0: room there, nodes: of the rules for the others; both may be the same. The rules are not filled. */
enum em_status quad_new(struct quad *q, const struct em_document *d, size_t first, size_t nodes0, size_t nodes,
                        const struct em_stop *stop, struct em_err *err);
/* Gauss's rules for the sticks from `from` on. */
enum em_status quad_rules(struct quad *q, const struct em_document *d, size_t from, struct em_err *err);
/* Visits all nodes. EM_CANCELLED. */
enum em_status quad_walk(struct quad *q, struct em_err *err);
void quad_free(struct quad *q);

/* Where log p needs no sum: one topic, no words, or a word that no topic has. */
bool quad_known(const struct em_document *d, double *log_p);
size_t quad_tokens(const struct em_document *d);
/* Nodes a stick: enough for errors below 2.2e-11 in log p, or the floor(N/2) + 1 that make it exact. */
size_t quad_nodes(size_t tokens);

#endif
