/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Eight draws of theta at a time: their densities and their likelihoods. */
#ifndef ELBOW_EVIDENCE_ESTIMATE_KERNEL_H
#define ELBOW_EVIDENCE_ESTIMATE_KERNEL_H

#include <stddef.h>
#include <stdint.h>

enum { LANES = 8 };

/* A document's rows of beta side by side, each divided by its largest. */
struct scene {
	size_t k, pairs;
	double tokens, offset;   /* sum of the counts; sum count * log(largest of the row), -INFINITY where one is 0 */
	double total, norm;      /* of alpha: sum, log normalizer */
	const double *alpha;     /* borrowed */
	double *beta;            /* [pairs][k] */
	double *count;           /* [pairs] */
	double *log_theta;       /* [k][LANES]; 64-byte aligned, as what follows */
	double *theta;           /* [k][LANES] */
	void *block;             /* what they lie in */
};

/* log_theta holds logs of positive numbers: turns each lane into the logs of shares, and theta into the shares. */
void scene_normalize(struct scene *s);
/* log p(w|theta) of each lane; the offset is not in it. */
void scene_log_likelihood(const struct scene *s, double out[LANES]);
/* sum_k a_k log theta_k of each lane. */
void scene_dot(const struct scene *s, const double *a, double out[LANES]);
/* log sum_i exp(log_share_i + sum_k a_ik log theta_k) of each lane; a is [parts][k]. */
void scene_mixture(const struct scene *s, size_t parts, const double *a, const double *log_share, double out[LANES]);

#endif
