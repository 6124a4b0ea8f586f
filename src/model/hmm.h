/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the hidden Markov model share: where theta lies, its tables for the loops, and the chain that q is.
 *
 * theta and the statistics are laid out alike: initial[kp], transitions[K][rp] (column K is the stop), emissions
 * symbol-major [V][kp]; kp pads K with zeros to whole vectors. */
#ifndef ELBOW_MODEL_HMM_H
#define ELBOW_MODEL_HMM_H

#include "elbow/model.h"

enum { HMM_SPAN = 32 }; /* times that logarithms are taken of at once */
/* The log of a zero in the tables: finite, so that it may be multiplied by the zeros that it meets; a sum with a share of
 * it that is no zero is below HMM_NEVER and stands for -inf. */
#define HMM_LOG_ZERO (-1e300)
#define HMM_NEVER (-1e200)

struct hmm_shape {
	size_t k, kp, rp, symbols;
	size_t transitions, emissions, size; /* offsets in theta, and its doubles */
	bool stops;
};

struct hmm_shape hmm_shape_of(size_t k, size_t symbols, bool stops);
struct hmm_shape hmm_shape(const struct em_problem *p);
size_t hmm_room(size_t doubles); /* rounded up, so that what lies behind is aligned */

/* One theta made ready. Logarithms of zeros are HMM_LOG_ZERO, of the padding 0. */
struct hmm_tables {
	size_t k, kp;
	const double *initial, *log_initial; /* [kp] */
	const double *stop, *log_stop;       /* [kp]; 1 and 0 without a stop */
	const double *rows, *log_rows;       /* [K][kp]: from i to j */
	const double *columns;               /* [K][kp]: to j from i; its padding repeats state 1 */
	const double *emit;                  /* [V][kp]: emissions times 2^shift[v], the largest of a symbol in [1/2, 1) */
	const double *log_emit;              /* [V][kp]: of the emissions themselves */
	const double *shift;                 /* [V] */
};

size_t hmm_tables_size(const struct hmm_shape *s);
void hmm_tables_fill(const struct hmm_shape *s, const double *theta, double *room);
struct hmm_tables hmm_tables_at(const struct hmm_shape *s, const double *room);

/* A sequence under one theta. Messages b_t(i) = p(x_t+1 .. x_T | z_t = i) are kept up to a factor of each time: as 2^-scale
 * of b_t over that of t+1, or as logarithms less scale. */
struct hmm_chain {
	const struct hmm_tables *t;
	const uint32_t *x;
	size_t length;       /* at least 1 */
	double *message;     /* [length][kp] */
	double *scale;       /* [length] */
	bool logs;           /* messages are logarithms */
	double z, log_p;     /* sum_i pi_i B_i(x_1) message_1(i), with emit for B; its logarithm for logs */
};

/* Scratch of hmm_forward. */
size_t hmm_scratch_size(const struct hmm_shape *s);

struct hmm_sums {
	double h;  /* H[q], from the chain's conditionals */
	double kl; /* KL(q || posterior under the other theta), likewise; 0 when it is the same */
};

/* Fills messages, z and log_p. Where numbers of one scale cannot hold the messages of a time, it takes logarithms. */
void hmm_backward(struct hmm_chain *c, bool logs, double *scratch);
/* Walks the chain q from its first time to its last: q's messages become its marginals, counts [K][kp] the expected
 * transitions. now (NULL: none): the same sequence under the other theta, after hmm_backward. */
void hmm_forward(struct hmm_chain *q, const struct hmm_chain *now, double *counts, double *scratch, struct hmm_sums *out);

/* Members of the record that fill files of their own. */
enum em_status hmm_init(const struct em_problem *p, uint64_t seed, double *theta, struct em_err *err);
enum em_status hmm_check(const struct em_problem *p, const double *theta, struct em_err *err);

#endif
