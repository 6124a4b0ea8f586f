/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Eight doubles at a time through the compilers' vector types: the compiler lowers them to what the machine has
 * (target_clones picks at load time), the order of every sum is fixed by the code, so the bits do not depend on it. */
#include "model/lda_kernel.h"

#include <math.h>
#include <string.h>

typedef double vec __attribute__((vector_size(64)));
typedef int64_t ivec __attribute__((vector_size(64)));

#if defined(__x86_64__) && !defined(ELBOW_NO_CLONES)
/* On static functions, with plain ones around them below: clang 14 gives a clone that others call a name they do not find. */
#define HOT __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define HOT
#endif
#define INLINE static inline __attribute__((always_inline))

/* 1.5 * 2^52: added to a small number it leaves the nearest integer in the low bits. */
#define MAGIC 6755399441055744.0
#define MAGIC_BITS 0x4338000000000000LL

/* A floor for e: far below what can show in a double beside 1, yet a term that only such topics know still has s > 0. */
#define E_FLOOR 1e-200

#define EACH(x) ((vec){x, x, x, x, x, x, x, x})

/* log x for normal x > 0: x = 2^e m with m in [sqrt(1/2), sqrt 2), log m = 2 atanh((m-1)/(m+1)). */
#define VEC_LOG(out, x)                                                                                               \
	do {                                                                                                          \
		ivec bits_ = (ivec)(x);                                                                               \
		vec m_ = (vec)((bits_ & 0x000fffffffffffffLL) | 0x3ff0000000000000LL);                                \
		ivec big_ = m_ > 1.4142135623730951;                                                                  \
		m_ = (vec)(((ivec)(m_ * 0.5) & big_) | ((ivec)m_ & ~big_));                                           \
		ivec e_ = ((bits_ >> 52) & 0x7ff) - 1023 - big_;                                                      \
		vec ex_ = (vec)(e_ + MAGIC_BITS) - MAGIC;                                                             \
		vec f_ = (m_ - 1.0) / (m_ + 1.0), g_ = f_ * f_;                                                       \
		vec p_ = g_ * (1.0 / 19) + 1.0 / 17;                                                                  \
		p_ = p_ * g_ + 1.0 / 15;                                                                              \
		p_ = p_ * g_ + 1.0 / 13;                                                                              \
		p_ = p_ * g_ + 1.0 / 11;                                                                              \
		p_ = p_ * g_ + 1.0 / 9;                                                                               \
		p_ = p_ * g_ + 1.0 / 7;                                                                               \
		p_ = p_ * g_ + 1.0 / 5;                                                                               \
		p_ = p_ * g_ + 1.0 / 3;                                                                               \
		p_ = 2.0 * (f_ + f_ * g_ * p_);                                                                       \
		(out) = ex_ * 0.693147180369123816490 + (p_ + ex_ * 1.90821492927058770002e-10);                      \
	} while (0)

/* exp z for z <= 0; below -708 it is 0. */
#define VEC_EXP(out, z)                                                                                               \
	do {                                                                                                          \
		ivec low_ = (z) < -708.0;                                                                             \
		vec z_ = (vec)((ivec)(z) & ~low_);                                                                    \
		vec t_ = z_ * 1.4426950408889634 + MAGIC;                                                             \
		vec n_ = t_ - MAGIC;                                                                                  \
		vec r_ = (z_ - n_ * 0.693147180369123816490) - n_ * 1.90821492927058770002e-10;                       \
		vec q_ = r_ * (1.0 / 6227020800.0) + 1.0 / 479001600.0;                                               \
		q_ = q_ * r_ + 1.0 / 39916800.0;                                                                      \
		q_ = q_ * r_ + 1.0 / 3628800.0;                                                                       \
		q_ = q_ * r_ + 1.0 / 362880.0;                                                                        \
		q_ = q_ * r_ + 1.0 / 40320.0;                                                                         \
		q_ = q_ * r_ + 1.0 / 5040.0;                                                                          \
		q_ = q_ * r_ + 1.0 / 720.0;                                                                           \
		q_ = q_ * r_ + 1.0 / 120.0;                                                                           \
		q_ = q_ * r_ + 1.0 / 24.0;                                                                            \
		q_ = q_ * r_ + 1.0 / 6.0;                                                                             \
		q_ = q_ * r_ + 0.5;                                                                                   \
		q_ = q_ * r_ + 1.0;                                                                                   \
		q_ = q_ * r_ + 1.0;                                                                                   \
		ivec pow_ = ((ivec)t_ - MAGIC_BITS + 1023) << 52;                                                     \
		(out) = (vec)((ivec)(q_ * (vec)pow_) & ~low_);                                                        \
	} while (0)

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

#define LANE_SUM(v) (((v)[0] + (v)[4]) + ((v)[1] + (v)[5]) + (((v)[2] + (v)[6]) + ((v)[3] + (v)[7])))

HOT static double exp_digamma_hot(const double *gamma, size_t topics, size_t kp, double *psi, double *e)
{
	for (size_t k = 0; k < kp; k += LDA_LANES) {
		vec g = *(const vec *)(const void *)(gamma + k), p;
		g = (vec)((ivec)g | ((ivec)EACH(1.0) & (g <= 0.0))); /* the padding */
		VEC_DIGAMMA(p, g);
		*(vec *)(void *)(psi + k) = p;
	}
	double top = psi[0];
	for (size_t k = 1; k < topics; k++)
		if (psi[k] > top)
			top = psi[k];
	for (size_t k = 0; k < kp; k += LDA_LANES) {
		vec z = *(const vec *)(const void *)(psi + k) - top, r;
		VEC_EXP(r, z);
		ivec low = r < E_FLOOR;
		*(vec *)(void *)(e + k) = (vec)(((ivec)EACH(E_FLOOR) & low) | ((ivec)r & ~low));
	}
	for (size_t k = topics; k < kp; k++)
		psi[k] = e[k] = 0;
	return top;
}

INLINE double row_dot(const double *e, const double *row, size_t kp)
{
	vec s = *(const vec *)(const void *)e * *(const vec *)(const void *)row;
	for (size_t k = LDA_LANES; k < kp; k += LDA_LANES)
		s += *(const vec *)(const void *)(e + k) * *(const vec *)(const void *)(row + k);
	return LANE_SUM(s);
}

INLINE void row_add(double *to, double r, const double *row, size_t kp)
{
	for (size_t k = 0; k < kp; k += LDA_LANES)
		*(vec *)(void *)(to + k) += r * *(const vec *)(const void *)(row + k);
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

HOT static void accumulate_hot(const struct lda_doc *doc, const double *e, double *acc)
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

HOT static void gather_hot(const struct lda_doc *doc, const double *e, double *acc, double *s, double *stats)
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
			*(vec *)(void *)(to + k) += r * *(const vec *)(const void *)(e + k) *
			                            *(const vec *)(const void *)(row + k);
	}
}

HOT static double expect_hot(const struct lda_doc *doc, const double *e, const double *s, const double *table)
{
	size_t kp = doc->kp;
	double sum = 0;
	for (size_t w = 0; w < doc->pairs; w++) {
		size_t at = (size_t)doc->term[w] * kp;
		vec t = EACH(0.0);
		for (size_t k = 0; k < kp; k += LDA_LANES)
			t += *(const vec *)(const void *)(e + k) * *(const vec *)(const void *)(doc->beta + at + k) *
			     *(const vec *)(const void *)(table + at + k);
		sum += (double)doc->count[w] / s[w] * LANE_SUM(t);
	}
	return sum;
}

HOT static void log_hot(const double *x, size_t n, double *out)
{
	size_t i = 0;
	for (; i + LDA_LANES <= n; i += LDA_LANES) {
		vec v = *(const vec *)(const void *)(x + i), r;
		ivec tiny = v < 2.3e-308, dead = v <= 0.0;
		VEC_LOG(r, v);
		*(vec *)(void *)(out + i) = (vec)((ivec)r & ~dead);
		for (int j = 0; j < LDA_LANES; j++)
			if (tiny[j] && !dead[j])
				out[i + (size_t)j] = log(x[i + (size_t)j]); /* subnormal */
	}
	for (; i < n; i++)
		out[i] = x[i] > 0 ? log(x[i]) : 0;
}

double lda_exp_digamma(const double *gamma, size_t topics, size_t kp, double *psi, double *e)
{
	return exp_digamma_hot(gamma, topics, kp, psi, e);
}

void lda_accumulate(const struct lda_doc *doc, const double *e, double *acc)
{
	accumulate_hot(doc, e, acc);
}

void lda_gather(const struct lda_doc *doc, const double *e, double *acc, double *s, double *stats)
{
	gather_hot(doc, e, acc, s, stats);
}

double lda_expect(const struct lda_doc *doc, const double *e, const double *s, const double *table)
{
	return expect_hot(doc, e, s, table);
}

void lda_log(const double *x, size_t n, double *out)
{
	log_hot(x, n, out);
}
