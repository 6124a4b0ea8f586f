/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Eight doubles at a time through the compilers' vector types, for the hot loops: the compiler lowers them to what the
 * machine has (target_clones picks at load time), the order of every sum is fixed by the code, so the bits do not depend
 * on it. */
#ifndef ELBOW_MODEL_VEC_H
#define ELBOW_MODEL_VEC_H

#include <stdint.h>

enum { VEC_LANES = 8 };
typedef double vec __attribute__((vector_size(64)));
typedef int64_t ivec __attribute__((vector_size(64)));

#if defined(__x86_64__) && !defined(ELBOW_NO_CLONES)
/* On static functions, with plain ones around them below: clang 14 gives a clone that others call a name they do not find.
 * Their names must differ between files all the same: its resolvers are global. */
#define HOT __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define HOT
#endif
#define INLINE static inline __attribute__((always_inline))

/* 1.5 * 2^52: added to a small number it leaves the nearest integer in the low bits. */
#define MAGIC 6755399441055744.0
#define MAGIC_BITS 0x4338000000000000LL

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

#define LANE_SUM(v) (((v)[0] + (v)[4]) + ((v)[1] + (v)[5]) + (((v)[2] + (v)[6]) + ((v)[3] + (v)[7])))

/* Eight doubles of an array that is 64-byte aligned, to read and to write. Macros: functions of vectors have no settled
 * calling convention. */
#define VEC_GET(x) (*(const vec *)(const void *)(x))
#define VEC_PUT(x) (*(vec *)(void *)(x))

#endif
