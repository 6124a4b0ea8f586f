/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/topics_kernel.h"

#include <math.h>
#include <string.h>

#include "base/vec.h"

HOT static void topics_log_hot(const double *x, size_t n, double *out)
{
	size_t i = 0;
	for (; i + VEC_LANES <= n; i += VEC_LANES) {
		vec v = VEC_GET(x + i), r;
		ivec tiny = v < 2.3e-308, dead = v <= 0.0;
		VEC_LOG(r, v);
		VEC_PUT(out + i) = (vec)(((ivec)EACH(-(double)INFINITY) & dead) | ((ivec)r & ~dead));
		for (int j = 0; j < VEC_LANES; j++)
			if (tiny[j] && !dead[j])
				out[i + (size_t)j] = log(x[i + (size_t)j]); /* subnormal */
	}
	for (; i < n; i++)
		out[i] = x[i] > 0 ? log(x[i]) : -INFINITY;
}

/* Up to 8*GROUPS components with the sums in registers. */
#define SMALL_SUM(NAME, GROUPS)                                                                                       \
	INLINE void NAME(const struct lda_doc *doc, double *out)                                                      \
	{                                                                                                             \
		vec sum[GROUPS];                                                                                      \
		for (int g = 0; g < GROUPS; g++)                                                                      \
			sum[g] = EACH(0.0);                                                                           \
		for (size_t w = 0; w < doc->pairs; w++) {                                                             \
			const double *row = doc->beta + (size_t)doc->term[w] * doc->kp;                               \
			double c = doc->count[w];                                                                     \
			for (int g = 0; g < GROUPS; g++)                                                              \
				sum[g] += c * VEC_GET(row + g * VEC_LANES);                                           \
		}                                                                                                     \
		for (int g = 0; g < GROUPS; g++)                                                                      \
			VEC_PUT(out + g * VEC_LANES) = sum[g];                                                        \
	}

SMALL_SUM(sum_1, 1)
SMALL_SUM(sum_2, 2)
SMALL_SUM(sum_3, 3)
SMALL_SUM(sum_4, 4)

HOT static void topics_sum_hot(const struct lda_doc *doc, double *out)
{
	size_t kp = doc->kp;
	switch (kp / VEC_LANES) {
	case 1: sum_1(doc, out); return;
	case 2: sum_2(doc, out); return;
	case 3: sum_3(doc, out); return;
	case 4: sum_4(doc, out); return;
	default: break;
	}
	memset(out, 0, kp * sizeof *out);
	for (size_t w = 0; w < doc->pairs; w++) {
		const double *row = doc->beta + (size_t)doc->term[w] * kp;
		double c = doc->count[w];
		for (size_t k = 0; k < kp; k += VEC_LANES)
			VEC_PUT(out + k) += c * VEC_GET(row + k);
	}
}

HOT static void topics_add_hot(const struct lda_doc *doc, const double *q, double *stats)
{
	size_t kp = doc->kp;
	for (size_t w = 0; w < doc->pairs; w++) {
		double *to = stats + (size_t)doc->term[w] * kp;
		double c = doc->count[w];
		for (size_t k = 0; k < kp; k += VEC_LANES)
			VEC_PUT(to + k) += c * VEC_GET(q + k);
	}
}

HOT static void topics_split_hot(const struct lda_doc *doc, const double *mix, double *s, double *count)
{
	size_t kp = doc->kp;
	memset(count, 0, kp * sizeof *count);
	for (size_t w = 0; w < doc->pairs; w++) {
		const double *row = doc->beta + (size_t)doc->term[w] * kp;
		vec sum = VEC_GET(mix) * VEC_GET(row);
		for (size_t k = VEC_LANES; k < kp; k += VEC_LANES)
			sum += VEC_GET(mix + k) * VEC_GET(row + k);
		s[w] = LANE_SUM(sum);
		double r = (double)doc->count[w] / s[w];
		for (size_t k = 0; k < kp; k += VEC_LANES)
			VEC_PUT(count + k) += r * VEC_GET(row + k);
	}
	for (size_t k = 0; k < kp; k += VEC_LANES) {
		vec n = VEC_GET(mix + k) * VEC_GET(count + k);
		ivec seen = n >= TOPICS_TINY;
		VEC_PUT(count + k) = (vec)((ivec)n & seen);
	}
}

HOT static double topics_expect_hot(const struct lda_doc *doc, const double *mix, const double *s, double *stats,
                                    const double *a, const double *b, double *other)
{
	size_t kp = doc->kp;
	vec sum_a = EACH(0.0), sum_b = EACH(0.0);
	for (size_t w = 0; w < doc->pairs; w++) {
		size_t at = (size_t)doc->term[w] * kp;
		double r = (double)doc->count[w] / s[w], least = TOPICS_TINY * s[w];
		for (size_t k = 0; k < kp; k += VEC_LANES) {
			vec x = VEC_GET(mix + k) * VEC_GET(doc->beta + at + k);
			ivec seen = x >= least;
			vec q = (vec)((ivec)(r * x) & seen);
			sum_a += q * VEC_GET(a + at + k);
			if (b)
				sum_b += q * VEC_GET(b + at + k);
			if (stats)
				VEC_PUT(stats + at + k) += q;
		}
	}
	if (b)
		*other = LANE_SUM(sum_b);
	return LANE_SUM(sum_a);
}

HOT static double topics_diverge_hot(const struct lda_doc *doc, const double *mix, const double *s,
                                     const double *beta_now, const double *mix_now, double *s_now)
{
	size_t kp = doc->kp;
	double total = 0;
	for (size_t w = 0; w < doc->pairs; w++) {
		const double *row = doc->beta + (size_t)doc->term[w] * kp, *now = beta_now + (size_t)doc->term[w] * kp;
		vec sum = VEC_GET(mix_now) * VEC_GET(now), kl = EACH(0.0);
		for (size_t k = VEC_LANES; k < kp; k += VEC_LANES)
			sum += VEC_GET(mix_now + k) * VEC_GET(now + k);
		s_now[w] = LANE_SUM(sum);
		double made = 1 / s[w], judged = 1 / s_now[w];
		for (size_t k = 0; k < kp; k += VEC_LANES) {
			vec q = VEC_GET(mix + k) * VEC_GET(row + k) * made, r = VEC_GET(mix_now + k) * VEC_GET(now + k) * judged;
			ivec seen = q >= TOPICS_TINY;
			q = (vec)((ivec)q & seen);
			vec ratio = (vec)(((ivec)(q / r) & seen) | ((ivec)EACH(1.0) & ~seen)), l;
			VEC_LOG(l, ratio);
			kl += q * l;
		}
		total += (double)doc->count[w] * LANE_SUM(kl);
	}
	return total;
}

void topics_log(const double *x, size_t n, double *out)
{
	topics_log_hot(x, n, out);
}

void topics_sum_rows(const struct lda_doc *doc, double *out)
{
	topics_sum_hot(doc, out);
}

void topics_add_rows(const struct lda_doc *doc, const double *q, double *stats)
{
	topics_add_hot(doc, q, stats);
}

void topics_split(const struct lda_doc *doc, const double *mix, double *s, double *count)
{
	topics_split_hot(doc, mix, s, count);
}

double topics_expect(const struct lda_doc *doc, const double *mix, const double *s, double *stats, const double *a,
                     const double *b, double *other)
{
	return topics_expect_hot(doc, mix, s, stats, a, b, other);
}

double topics_diverge(const struct lda_doc *doc, const double *mix, const double *s, const double *beta_now,
                      const double *mix_now, double *s_now)
{
	return topics_diverge_hot(doc, mix, s, beta_now, mix_now, s_now);
}
