/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The loops over the times of a sequence, in numbers of one scale. */
#ifndef ELBOW_MODEL_HMM_KERNEL_H
#define ELBOW_MODEL_HMM_KERNEL_H

#include "model/hmm.h"

size_t hmm_padded(size_t k);

/* Below this a message is too small to be told from one that underflowed; a half of the doubles' range below 1. */
#define HMM_TINY 0x1p-960

/* All messages but the last, which is there; v: [kp]. False: a message underflowed, or nearly. */
bool hmm_kernel_backward(struct hmm_chain *c, double *v);

/* Transitions from .. from+count-1 (to the time behind each). logs: log messages of times from .. from+count, offset: log
 * of what each transition was scaled by; those of `now` for KL, or NULL. w: g_t / message_t, of time `from` on entry, of
 * from+count after it. */
struct hmm_span {
	const struct hmm_tables *q, *now;
	const uint32_t *x;
	const double *logs, *offset, *logs_now, *offset_now;
	const double *scale;
	double *message, *counts;
	double *w, *next, *v, *e, *u, *du; /* [kp] each; next is scratch like those behind it */
	double *h, *kl;                    /* [kp]: sums of xi log c and xi log(c/c'), to be added over the lanes */
	size_t from, count;
};
void hmm_kernel_forward(struct hmm_span *s);

/* sum_t sum_j g_t(j) table[x_t][j]; adds g_t to row x_t of counts unless that is NULL. */
double hmm_kernel_gather(const double *g, const uint32_t *x, size_t length, size_t kp, const double *table, double *counts);

#endif
