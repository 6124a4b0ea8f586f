/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * E-steps that are not mean field. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "evidence/lab.h"

static const double *row_of(const struct em_document *d, size_t w)
{
	return d->beta + d->term[w] * d->stride;
}

static double alpha_sum(const struct em_document *d)
{
	double a = 0;
	for (size_t k = 0; k < d->topics; k++)
		a += d->alpha[k];
	return a;
}

/* (alpha_k + n_k) / (A + N) */
static void mean_of(const struct bench *b, const double *counts, double *mean)
{
	double all = alpha_sum(b->d) + (double)b->tokens;
	for (size_t k = 0; k < b->d->topics; k++)
		mean[k] = (b->d->alpha[k] + counts[k]) / all;
}

/* Each token to the topic that is best for it as the others are, until none moves. All copies of a word are tokens of their own. */
void lab_hard(const struct bench *b, const double *z, struct em_lab_answer *out, size_t *topic, double *counts)
{
	const struct em_document *d = b->d;
	size_t k_all = d->topics, t = 0;
	bool moved = true;
	memset(counts, 0, k_all * sizeof *counts);
	for (size_t w = 0; w < d->pairs; w++) {
		size_t best = 0;
		for (size_t k = 1; k < k_all; k++)
			best = z[w * k_all + k] > z[w * k_all + best] ? k : best;
		for (uint32_t i = 0; i < d->count[w]; i++, t++)
			counts[topic[t] = best]++;
	}
	for (out->sweeps = 0; moved && out->sweeps < LAB_SWEEPS; out->sweeps++) {
		moved = false;
		t = 0;
		for (size_t w = 0; w < d->pairs; w++)
			for (uint32_t i = 0; i < d->count[w]; i++, t++) {
				size_t best = topic[t];
				counts[best]--;
				double most = (d->alpha[best] + counts[best]) * row_of(d, w)[best];
				for (size_t k = 0; k < k_all; k++) {
					double v = (d->alpha[k] + counts[k]) * row_of(d, w)[k];
					if (v > most * (1 + 1e-12)) {
						most = v;
						best = k;
					}
				}
				moved |= best != topic[t];
				counts[topic[t] = best]++;
			}
	}
	out->bound = special_log_norm(d->alpha, k_all);
	for (size_t k = 0; k < k_all; k++)
		b->e[k] = d->alpha[k] + counts[k];
	out->bound -= special_log_norm(b->e, k_all);
	memset(out->z, 0, d->pairs * k_all * sizeof *out->z);
	t = 0;
	for (size_t w = 0; w < d->pairs; w++)
		for (uint32_t i = 0; i < d->count[w]; i++, t++) {
			out->bound += log(row_of(d, w)[topic[t]]);
			out->z[w * k_all + topic[t]] += 1.0 / d->count[w];
		}
	mean_of(b, counts, out->mean);
}

/* gamma_wk ~ (alpha_k + n_k - gamma_wk) beta_kw, n_k = sum c gamma; from gamma ~ beta. */
void lab_cvb0(const struct bench *b, struct em_lab_answer *out, double *counts)
{
	const struct em_document *d = b->d;
	size_t k_all = d->topics;
	memset(counts, 0, k_all * sizeof *counts);
	for (size_t w = 0; w < d->pairs; w++) {
		double sum = 0;
		for (size_t k = 0; k < k_all; k++)
			sum += row_of(d, w)[k];
		for (size_t k = 0; k < k_all; k++)
			counts[k] += d->count[w] * (out->z[w * k_all + k] = row_of(d, w)[k] / sum);
	}
	double change = 1;
	for (out->sweeps = 0; change > 1e-12 && out->sweeps < LAB_SWEEPS; out->sweeps++) {
		change = 0;
		for (size_t w = 0; w < d->pairs; w++) {
			double *z = out->z + w * k_all, sum = 0;
			if (!d->count[w])
				continue;
			for (size_t k = 0; k < k_all; k++)
				sum += b->e[k] = fmax(d->alpha[k] + counts[k] - z[k], 0) * row_of(d, w)[k];
			for (size_t k = 0; k < k_all; k++) {
				double to = b->e[k] / sum;
				change = fmax(change, fabs(to - z[k]));
				counts[k] += d->count[w] * (to - z[k]);
				z[k] = to;
			}
		}
		if (out->sweeps % 64 == 0 && bench_stop(b))
			return;
	}
	mean_of(b, counts, out->mean);
}

enum { CHAINS = 8, DROPPED = 100, KEPT = 400 };

/* One token drawn anew given all others; its probabilities stay in b->e. */
static size_t draw_token(const struct bench *b, size_t w, const double *counts)
{
	const struct em_document *d = b->d;
	double sum = 0, u;
	for (size_t k = 0; k < d->topics; k++)
		sum += b->e[k] = (d->alpha[k] + counts[k]) * row_of(d, w)[k];
	for (size_t k = 0; k < d->topics; k++)
		b->e[k] /= sum;
	u = gsl_rng_uniform(b->rng);
	size_t k = 0, last = 0;
	for (; k < d->topics; k++) {
		last = b->e[k] > 0 ? k : last;
		if ((u -= b->e[k]) < 0)
			break;
	}
	return k < d->topics ? k : last;
}

static void chain(const struct bench *b, size_t *topic, double *counts, double *mean, double *z)
{
	const struct em_document *d = b->d;
	size_t k_all = d->topics, t;
	memset(counts, 0, k_all * sizeof *counts);
	memset(mean, 0, k_all * sizeof *mean);
	t = 0;
	for (size_t w = 0; w < d->pairs; w++) /* from what each word says alone */
		for (uint32_t i = 0; i < d->count[w]; i++, t++)
			counts[topic[t] = draw_token(b, w, counts)]++;
	for (size_t sweep = 0; sweep < DROPPED + KEPT; sweep++) {
		t = 0;
		for (size_t w = 0; w < d->pairs; w++)
			for (uint32_t i = 0; i < d->count[w]; i++, t++) {
				counts[topic[t]]--;
				topic[t] = draw_token(b, w, counts);
				counts[topic[t]]++;
				for (size_t k = 0; k < k_all && sweep >= DROPPED; k++)
					z[w * k_all + k] += b->e[k] / d->count[w] / KEPT / CHAINS;
			}
		for (size_t k = 0; k < k_all && sweep >= DROPPED; k++)
			mean[k] += counts[k] / KEPT;
		if (sweep % 16 == 0 && bench_stop(b))
			return;
	}
}

enum em_status lab_gibbs(const struct bench *b, struct em_lab_answer *out, struct em_err *err)
{
	size_t k_all = b->d->topics;
	size_t *topic = calloc(b->tokens + 1, sizeof *topic);
	double *counts = calloc(4 * k_all, sizeof *counts), *mean = counts + k_all, *sum = counts + 2 * k_all, *square = counts + 3 * k_all;
	if (!topic || !counts) {
		free(topic);
		free(counts);
		return em_no_memory(err);
	}
	memset(out->z, 0, b->d->pairs * k_all * sizeof *out->z);
	for (int c = 0; c < CHAINS && !bench_stop(b); c++) {
		chain(b, topic, counts, mean, out->z);
		mean_of(b, mean, counts);
		for (size_t k = 0; k < k_all; k++) {
			sum[k] += counts[k] / CHAINS;
			square[k] += counts[k] * counts[k] / CHAINS;
		}
	}
	for (size_t k = 0; k < k_all; k++) {
		out->mean[k] = sum[k];
		out->se = fmax(out->se, sqrt(fmax(square[k] - sum[k] * sum[k], 0) / (CHAINS - 1)));
	}
	out->sweeps = CHAINS * (DROPPED + KEPT);
	free(topic);
	free(counts);
	return EM_OK;
}
