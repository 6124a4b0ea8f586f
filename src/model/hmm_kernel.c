/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/hmm_kernel.h"

#include <math.h>
#include <string.h>

#include "base/vec.h"

enum { SCALE_EVERY = 4 };

/* 2^n for n within the range of normal doubles. */
INLINE double power(double n)
{
	uint64_t bits = (uint64_t)(1023 + (int64_t)n) << 52;
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

#define PASTE(a, b) a##_##b
#define NAMED(a, b) PASTE(a, b)
#define IN(name) NAMED(name, LANES)

#define LANES 2
#include "model/hmm_lanes.h"
#undef LANES
#define LANES 4
#include "model/hmm_lanes.h"
#undef LANES
#define LANES 8
#include "model/hmm_lanes.h"
#undef LANES

size_t hmm_padded(size_t k)
{
	return k <= 2 ? 2 : k <= 4 ? 4 : (k + 7) / 8 * 8;
}

/* Whether every message of these times below HMM_TINY is a zero that no path leads on from. */
static bool dead_only(const struct hmm_chain *c, size_t from, size_t end)
{
	const struct hmm_tables *t = c->t;
	for (size_t at = from; at < end; at++) {
		const double *e = t->emit + (size_t)c->x[at + 1] * t->kp, *b = c->message + at * t->kp;
		for (size_t i = 0; i < t->k; i++) {
			if (!(b[i] < HMM_TINY))
				continue;
			if (b[i] > 0)
				return false;
			for (size_t j = 0; j < t->k; j++)
				if (t->rows[i * t->kp + j] > 0 && e[j] > 0 && b[t->kp + j] > 0)
					return false;
		}
	}
	return true;
}

/* Brings the messages of a time near 1 again when they have left its neighbourhood. */
static bool rescale(const struct hmm_chain *c, size_t at)
{
	double *b = c->message + at * c->t->kp, sum = 0;
	for (size_t i = 0; i < c->t->k; i++)
		sum += b[i];
	if (sum > 0x1p-60 && sum < 0x1p60)
		return true;
	if (!(sum > 0x1p-400 && sum < 0x1p400))
		return false;
	int exponent;
	frexp(sum, &exponent);
	for (size_t i = 0; i < c->t->kp; i++)
		b[i] = ldexp(b[i], -exponent);
	c->scale[at] = exponent;
	return true;
}

HOT static bool messages_hot(const struct hmm_chain *c, size_t from, size_t end, double *v)
{
	switch (c->t->kp) {
	case 2: return messages_2(c, from, end, v, 2);
	case 4: return messages_4(c, from, end, v, 4);
	case 8: return messages_8(c, from, end, v, 8);
	case 16: return messages_8(c, from, end, v, 16);
	default: return messages_8(c, from, end, v, c->t->kp);
	}
}

bool hmm_kernel_backward(struct hmm_chain *c, double *v)
{
	c->scale[c->length - 1] = 0;
	for (size_t end = c->length - 1; end > 0;) {
		size_t from = end > SCALE_EVERY ? end - SCALE_EVERY : 0;
		if ((messages_hot(c, from, end, v) && !dead_only(c, from, end)) || !rescale(c, from))
			return false;
		end = from;
	}
	return true;
}

HOT static void forward_hot(struct hmm_span *s)
{
	switch (s->q->kp) {
	case 2: forward_2(s, false, 2); return;
	case 4: forward_4(s, false, 4); return;
	case 8: forward_8(s, false, 8); return;
	case 16: forward_8(s, false, 16); return;
	default: forward_8(s, false, s->q->kp);
	}
}

HOT static void forward_both_hot(struct hmm_span *s)
{
	switch (s->q->kp) {
	case 2: forward_2(s, true, 2); return;
	case 4: forward_4(s, true, 4); return;
	case 8: forward_8(s, true, 8); return;
	case 16: forward_8(s, true, 16); return;
	default: forward_8(s, true, s->q->kp);
	}
}

void hmm_kernel_forward(struct hmm_span *s)
{
	if (s->now)
		forward_both_hot(s);
	else
		forward_hot(s);
}

HOT static double gather_hot(const double *g, const uint32_t *x, size_t length, size_t kp, const double *table, double *counts)
{
	switch (kp) {
	case 2: return gather_2(g, x, length, 2, table, counts);
	case 4: return gather_4(g, x, length, 4, table, counts);
	default: return gather_8(g, x, length, kp, table, counts);
	}
}

double hmm_kernel_gather(const double *g, const uint32_t *x, size_t length, size_t kp, const double *table, double *counts)
{
	return gather_hot(g, x, length, kp, table, counts);
}
