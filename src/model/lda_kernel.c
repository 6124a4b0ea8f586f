/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/lda_kernel.h"

#include <math.h>
#include <string.h>

#include "base/vec.h"

/* A floor for e: far below what can show in a double beside 1, yet a term that only such topics know still has s > 0. */
#define E_FLOOR 1e-200

/* digamma x for x > 0: psi(x) = psi(x+8) - sum_{i<8} 1/(x+i), the sum as one quotient in t = x(x+7), since
 * (x+i)(x+7-i) = t + i(7-i); psi(x+8) by its asymptotic series (Abramowitz & Stegun 6.3.18). */
#define VEC_DIGAMMA(out, x)                                                                                           \
	do {                                                                                                          \
		vec x_ = (x), t_ = x_ * (x_ + 7.0);                                                                   \
		vec a_ = t_ * (t_ + 6.0), b_ = (t_ + 10.0) * (t_ + 12.0);                                             \
		vec sum_ = (2.0 * x_ + 7.0) * (((2.0 * t_ + 6.0) * b_ + a_ * (2.0 * t_ + 22.0)) / (a_ * b_));         \
		vec y_ = x_ + 8.0, i_ = 1.0 / y_, w_ = i_ * i_;                                                       \
		vec s_ = w_ * (1.0 / 12) - 691.0 / 32760;                                                             \
		s_ = s_ * w_ + 1.0 / 132;                                                                             \
		s_ = s_ * w_ - 1.0 / 240;                                                                             \
		s_ = s_ * w_ + 1.0 / 252;                                                                             \
		s_ = s_ * w_ - 1.0 / 120;                                                                             \
		s_ = s_ * w_ + 1.0 / 12;                                                                              \
		vec l_;                                                                                               \
		VEC_LOG(l_, y_);                                                                                      \
		(out) = ((l_ - 0.5 * i_) - w_ * s_) - sum_;                                                           \
	} while (0)

HOT static double lda_exp_digamma_hot(const double *gamma, size_t topics, size_t kp, double *psi, double *e)
{
	for (size_t k = 0; k < kp; k += LDA_LANES) {
		vec g = VEC_GET(gamma + k), p;
		g = (vec)((ivec)g | ((ivec)EACH(1.0) & (g <= 0.0))); /* the padding */
		VEC_DIGAMMA(p, g);
		VEC_PUT(psi + k) = p;
	}
	double top = psi[0];
	for (size_t k = 1; k < topics; k++)
		if (psi[k] > top)
			top = psi[k];
	for (size_t k = 0; k < kp; k += LDA_LANES) {
		vec z = VEC_GET(psi + k) - top, r;
		VEC_EXP(r, z);
		ivec low = r < E_FLOOR;
		VEC_PUT(e + k) = (vec)(((ivec)EACH(E_FLOOR) & low) | ((ivec)r & ~low));
	}
	for (size_t k = topics; k < kp; k++)
		psi[k] = e[k] = 0;
	return top;
}

INLINE double row_dot(const double *e, const double *row, size_t kp)
{
	vec s = VEC_GET(e) * VEC_GET(row);
	for (size_t k = LDA_LANES; k < kp; k += LDA_LANES)
		s += VEC_GET(e + k) * VEC_GET(row + k);
	return LANE_SUM(s);
}

INLINE void row_add(double *to, double r, const double *row, size_t kp)
{
	for (size_t k = 0; k < kp; k += LDA_LANES)
		VEC_PUT(to + k) += r * VEC_GET(row + k);
}

/* Up to 8*GROUPS topics with e and the sums in registers: the row is read once. */
#define SMALL_KERNEL(NAME, GROUPS)                                                                                    \
	INLINE void NAME(const struct lda_doc *doc, const double *e, double *acc)                                     \
	{                                                                                                             \
		vec ev[GROUPS], av[GROUPS];                                                                           \
		for (int g = 0; g < GROUPS; g++) {                                                                    \
			ev[g] = ((const vec *)(const void *)e)[g];                                                    \
			av[g] = EACH(0.0);                                                                            \
		}                                                                                                     \
		for (size_t w = 0; w < doc->pairs; w++) {                                                             \
			const vec *row = (const vec *)(const void *)(doc->beta + (size_t)doc->term[w] * doc->kp);     \
			vec rv[GROUPS], s = EACH(0.0);                                                                \
			for (int g = 0; g < GROUPS; g++) {                                                            \
				rv[g] = row[g];                                                                       \
				s += ev[g] * rv[g];                                                                   \
			}                                                                                             \
			double r = (double)doc->count[w] / LANE_SUM(s);                                               \
			for (int g = 0; g < GROUPS; g++)                                                              \
				av[g] += r * rv[g];                                                                   \
		}                                                                                                     \
		for (int g = 0; g < GROUPS; g++)                                                                      \
			((vec *)(void *)acc)[g] = av[g];                                                              \
	}

SMALL_KERNEL(accumulate_1, 1)
SMALL_KERNEL(accumulate_2, 2)
SMALL_KERNEL(accumulate_3, 3)
SMALL_KERNEL(accumulate_4, 4)

HOT static void lda_accumulate_hot(const struct lda_doc *doc, const double *e, double *acc)
{
	size_t kp = doc->kp;
	switch (kp / LDA_LANES) {
	case 1: accumulate_1(doc, e, acc); return;
	case 2: accumulate_2(doc, e, acc); return;
	case 3: accumulate_3(doc, e, acc); return;
	case 4: accumulate_4(doc, e, acc); return;
	default: break;
	}
	memset(acc, 0, kp * sizeof *acc);
	for (size_t w = 0; w < doc->pairs; w++) {
		const double *row = doc->beta + (size_t)doc->term[w] * kp;
		row_add(acc, (double)doc->count[w] / row_dot(e, row, kp), row, kp);
	}
}

HOT static void lda_gather_hot(const struct lda_doc *doc, const double *e, double *acc, double *s, double *stats)
{
	size_t kp = doc->kp;
	memset(acc, 0, kp * sizeof *acc);
	for (size_t w = 0; w < doc->pairs; w++) {
		const double *row = doc->beta + (size_t)doc->term[w] * kp;
		s[w] = row_dot(e, row, kp);
		double r = (double)doc->count[w] / s[w];
		row_add(acc, r, row, kp);
		if (!stats)
			continue;
		double *to = stats + (size_t)doc->term[w] * kp;
		for (size_t k = 0; k < kp; k += LDA_LANES)
			VEC_PUT(to + k) += r * VEC_GET(e + k) *
			                            VEC_GET(row + k);
	}
}

HOT static double lda_expect_hot(const struct lda_doc *doc, const double *e, const double *s, const double *table)
{
	size_t kp = doc->kp;
	double sum = 0;
	for (size_t w = 0; w < doc->pairs; w++) {
		size_t at = (size_t)doc->term[w] * kp;
		vec t = EACH(0.0);
		for (size_t k = 0; k < kp; k += LDA_LANES)
			t += VEC_GET(e + k) * VEC_GET(doc->beta + at + k) *
			     VEC_GET(table + at + k);
		sum += (double)doc->count[w] / s[w] * LANE_SUM(t);
	}
	return sum;
}

HOT static void lda_log_hot(const double *x, size_t n, double *out)
{
	size_t i = 0;
	for (; i + LDA_LANES <= n; i += LDA_LANES) {
		vec v = VEC_GET(x + i), r;
		ivec tiny = v < 2.3e-308, dead = v <= 0.0;
		VEC_LOG(r, v);
		VEC_PUT(out + i) = (vec)((ivec)r & ~dead);
		for (int j = 0; j < LDA_LANES; j++)
			if (tiny[j] && !dead[j])
				out[i + (size_t)j] = log(x[i + (size_t)j]); /* subnormal */
	}
	for (; i < n; i++)
		out[i] = x[i] > 0 ? log(x[i]) : 0;
}

double lda_exp_digamma(const double *gamma, size_t topics, size_t kp, double *psi, double *e)
{
	return lda_exp_digamma_hot(gamma, topics, kp, psi, e);
}

void lda_accumulate(const struct lda_doc *doc, const double *e, double *acc)
{
	lda_accumulate_hot(doc, e, acc);
}

void lda_gather(const struct lda_doc *doc, const double *e, double *acc, double *s, double *stats)
{
	lda_gather_hot(doc, e, acc, s, stats);
}

double lda_expect(const struct lda_doc *doc, const double *e, const double *s, const double *table)
{
	return lda_expect_hot(doc, e, s, table);
}

void lda_log(const double *x, size_t n, double *out)
{
	lda_log_hot(x, n, out);
}
