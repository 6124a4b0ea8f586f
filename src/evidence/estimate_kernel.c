/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "evidence/estimate_kernel.h"

#include <math.h>

#include "base/vec.h"

_Static_assert((int)LANES == (int)VEC_LANES, "one draw a lane");

/* Below this a sum of products may have lost terms to underflow: the lane is done again in log space. */
#define LOW 1e-280

HOT static void normalize_hot(const struct scene *s)
{
	vec top = VEC_GET(s->log_theta), sum = EACH(0.0), log_sum;
	for (size_t k = 1; k < s->k; k++) {
		vec x = VEC_GET(s->log_theta + k * LANES);
		ivec more = x > top;
		top = (vec)(((ivec)x & more) | ((ivec)top & ~more));
	}
	for (size_t k = 0; k < s->k; k++) {
		vec x = VEC_GET(s->log_theta + k * LANES) - top, e;
		VEC_EXP(e, x);
		sum += e;
		VEC_PUT(s->theta + k * LANES) = e;
	}
	VEC_LOG(log_sum, sum);
	for (size_t k = 0; k < s->k; k++) {
		VEC_PUT(s->theta + k * LANES) = VEC_GET(s->theta + k * LANES) / sum;
		VEC_PUT(s->log_theta + k * LANES) = VEC_GET(s->log_theta + k * LANES) - top - log_sum;
	}
}

/* One row against eight thetas: two sums, so that an addition need not wait for the one before. */
#define ROW_SUM(out, row, theta, count)                                                                               \
	do {                                                                                                          \
		vec a_ = EACH(0.0), b_ = EACH(0.0);                                                                   \
		size_t k_ = 0;                                                                                        \
		for (; k_ + 1 < (count); k_ += 2) {                                                                   \
			a_ += (row)[k_] * VEC_GET((theta) + k_ * LANES);                                              \
			b_ += (row)[k_ + 1] * VEC_GET((theta) + (k_ + 1) * LANES);                                    \
		}                                                                                                     \
		if (k_ < (count))                                                                                     \
			a_ += (row)[k_] * VEC_GET((theta) + k_ * LANES);                                              \
		(out) = a_ + b_;                                                                                      \
	} while (0)

/* low[i] is not 0 where lane i needs more care. */
HOT static void likelihood_hot(const struct scene *s, double *out, int64_t *low)
{
	vec sum = EACH(0.0);
	ivec bad = {0};
	for (size_t w = 0; w < s->pairs; w++) {
		const double *row = s->beta + w * s->k;
		vec x, l;
		ROW_SUM(x, row, s->theta, s->k);
		bad |= x < LOW;
		VEC_LOG(l, x);
		sum += s->count[w] * l;
	}
	for (int i = 0; i < LANES; i++) {
		out[i] = sum[i];
		low[i] = bad[i];
	}
}

#define DOT(out, a, s)                                                                                                \
	do {                                                                                                          \
		(out) = EACH(0.0);                                                                                    \
		for (size_t k_ = 0; k_ < (s)->k; k_++)                                                                \
			(out) += (a)[k_] * VEC_GET((s)->log_theta + k_ * LANES);                                      \
	} while (0)

HOT static void dot_hot(const struct scene *s, const double *a, double *out)
{
	vec sum;
	DOT(sum, a, s);
	for (int i = 0; i < LANES; i++)
		out[i] = sum[i];
}

/* One pass: the sum is kept relative to the largest part so far. */
HOT static void mixture_hot(const struct scene *s, size_t parts, const double *a, const double *log_share, double *out)
{
	vec top = EACH(-1e308), sum = EACH(0.0), log_sum;
	for (size_t i = 0; i < parts; i++, a += s->k) {
		vec x, gap, factor;
		DOT(x, a, s);
		x += log_share[i];
		gap = x - top;
		ivec more = gap > 0.0;
		VEC_EXP(factor, (vec)((ivec)gap ^ (more & INT64_MIN)));
		/* a new top: the old sum shrinks and the part counts 1; otherwise the part counts the factor */
		sum = (vec)(((ivec)(sum * factor + 1.0) & more) | ((ivec)(sum + factor) & ~more));
		top = (vec)(((ivec)x & more) | ((ivec)top & ~more));
	}
	VEC_LOG(log_sum, sum);
	log_sum += top;
	for (int i = 0; i < LANES; i++)
		out[i] = log_sum[i];
}

static double carefully(const struct scene *s, int lane)
{
	double sum = 0;
	for (size_t w = 0; w < s->pairs; w++) {
		const double *row = s->beta + w * s->k;
		double top = -INFINITY, x = 0;
		for (size_t k = 0; k < s->k; k++)
			if (row[k] > 0)
				top = fmax(top, log(row[k]) + s->log_theta[k * LANES + (size_t)lane]);
		for (size_t k = 0; k < s->k; k++)
			if (row[k] > 0)
				x += exp(log(row[k]) + s->log_theta[k * LANES + (size_t)lane] - top);
		sum += s->count[w] * (top + log(x));
	}
	return sum;
}

void scene_normalize(struct scene *s)
{
	normalize_hot(s);
}

void scene_log_likelihood(const struct scene *s, double out[LANES])
{
	int64_t low[LANES];
	likelihood_hot(s, out, low);
	for (int i = 0; i < LANES; i++)
		if (low[i])
			out[i] = carefully(s, i);
}

void scene_dot(const struct scene *s, const double *a, double out[LANES])
{
	dot_hot(s, a, out);
}

void scene_mixture(const struct scene *s, size_t parts, const double *a, const double *log_share, double out[LANES])
{
	mixture_hot(s, parts, a, log_share, out);
}
