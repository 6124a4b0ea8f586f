/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nodes are the eigenvalues of the Jacobi matrix of the density. On [0,1] that matrix is L D L' with
 *     D_i = z_{2i-1},  D_i L_i^2 = z_{2i},  z_j = (1 - p_{j-1}) p_j,
 *     p_{2n-1} = (a+n-1)/(a+b+2n-2),  p_{2n} = n/(a+b+2n-1)      (the canonical moments of Beta(a,b))
 * all of them positive, and then small changes of each z, in proportion, change each eigenvalue in proportion. So nodes at
 * 1e-12 of an end come out as exactly as others: those next to 0 from (a,b), those next to 1 as 1 less a node of (b,a).
 * Each is isolated by counting pivots (Sturm), then found by Newton's method within its bracket, eight at a time. */
#include "evidence/jacobi.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"

typedef uint64_t uvec __attribute__((vector_size(64)));

struct chain {
	size_t m;
	double *q, *e; /* z_1 z_3 ..; z_2 z_4 .. */
};

static void chain_of(struct chain *c, double a, double b)
{
	double left = 1, s = a + b; /* left: 1 - p of the last */
	for (size_t i = 0; i < c->m; i++) {
		double n = (double)i, odd = a / s, rest = b / s;
		if (i > 0) {
			odd = (a + n) / (s + 2 * n);
			rest = (b + n) / (s + 2 * n);
		}
		c->q[i] = left * odd;
		c->e[i] = rest * ((n + 1) / (s + 2 * n + 1));
		left = (s + n) / (s + 2 * n + 1);
	}
}

/* The number of nodes below x; *slope: P'/P of the polynomial whose zeros they are. */
static size_t below(const struct chain *c, double x, double *slope)
{
	double s = -x, ds = -1, sum = 0;
	size_t count = 0;
	for (size_t i = 0; i < c->m; i++) {
		double d = c->q[i] + s;
		if (d == 0)
			d = -0x1p-1000 * c->q[i];
		count += d < 0;
		double over = 1 / d, f = c->e[i] * over;
		sum += ds * over;
		ds = f * over * c->q[i] * ds - 1;
		s = f * s - x;
	}
	*slope = sum;
	return count;
}

/* The same of eight x, but for pivots of 0: then the slope is not finite. */
HOT static void below_each(const struct chain *c, const double *xs, double *slopes, uint64_t *counts)
{
	vec x = VEC_GET(xs), s = -x, ds = EACH(-1.0), sum = EACH(0.0);
	uvec count = {0};
	for (size_t i = 0; i < c->m; i++) {
		vec d = c->q[i] + s;
		count += (uvec)d >> 63;
		vec over = 1 / d, f = c->e[i] * over;
		sum += ds * over;
		ds = f * over * c->q[i] * ds - 1;
		s = f * s - x;
	}
	VEC_PUT(slopes) = sum;
	*(uvec *)(void *)counts = count;
}

static double middle(double lo, double hi)
{
	return lo > 0 && hi > 4 * lo ? sqrt(lo * hi) : (lo + hi) / 2;
}

/* The one node in (lo, hi), of which `index` are below lo. */
struct search {
	double lo, hi, x;
	size_t index;
	bool found;
};

static void search_on(struct search *n, size_t count, double slope)
{
	if (count > n->index)
		n->hi = n->x;
	else
		n->lo = n->x;
	double next = n->x - 1 / slope;
	n->found = fabs(next - n->x) <= 2e-16 * n->x;
	if (n->found) {
		n->x = next > 0 ? next : n->x;
		return;
	}
	if (!(next > n->lo && next < n->hi))
		next = middle(n->lo, n->hi);
	n->found = next <= n->lo || next >= n->hi;
	n->x = next;
}

/* Eight nodes from `first` on, or fewer, between t[i] and hi[i]; into t. */
static void polish(const struct chain *c, size_t first, size_t nodes, double *t, const double *hi)
{
	struct search n[VEC_LANES];
	size_t all = nodes - first < VEC_LANES ? nodes - first : VEC_LANES, open = 0;
	for (size_t i = 0; i < all; i++) {
		double lo = t[first + i], top = hi[first + i];
		n[i] = (struct search){lo, top, lo < top ? middle(lo, top) : lo, first + i, !(lo < top)};
		open += !n[i].found;
	}
	for (int round = 0; round < 100 && open > 0; round++) {
		_Alignas(64) double x[VEC_LANES], slope[VEC_LANES];
		_Alignas(64) uint64_t count[VEC_LANES];
		for (size_t i = 0; i < VEC_LANES; i++)
			x[i] = n[i < all ? i : 0].x;
		below_each(c, x, slope, count);
		open = 0;
		for (size_t i = 0; i < all; i++) {
			if (n[i].found)
				continue;
			size_t before = (size_t)count[i];
			if (!isfinite(slope[i]))
				before = below(c, x[i], &slope[i]);
			search_on(&n[i], before, slope[i]);
			open += !n[i].found;
		}
	}
	for (size_t i = 0; i < all; i++)
		t[first + i] = n[i].x;
}

/* Nodes from .. to-1 lie in (lo, hi): node i between t[i] and top[i]. */
static void isolate(const struct chain *c, double lo, double hi, size_t from, size_t to, double *t, double *top)
{
	double slope;
	while (to - from > 1) {
		double x = middle(lo, hi);
		size_t mid = x > lo && x < hi ? below(c, x, &slope) : from;
		if (!(x > lo && x < hi)) { /* nodes of one double: beyond any density with shapes below 1e15 */
			for (; from < to; from++)
				t[from] = top[from] = x;
			return;
		}
		mid = mid < from ? from : mid > to ? to : mid;
		if (mid > from)
			isolate(c, lo, x, from, mid, t, top);
		lo = mid > from || mid == from ? x : lo;
		from = mid;
	}
	if (to > from) {
		t[from] = lo;
		top[from] = hi;
	}
}

/* The nodes below hi, `nodes` of them, rising; spare: as much room. */
static void find(const struct chain *c, double hi, size_t nodes, double *t, double *spare)
{
	isolate(c, 0x1p-1000, hi, 0, nodes, t, spare);
	for (size_t first = 0; first < nodes; first += VEC_LANES)
		polish(c, first, nodes, t, spare);
}

/* 1 / sum of the squares of the orthonormal polynomials at x. */
static double log_christoffel(const struct chain *c, double x)
{
	double s = -x, term = 1, sum = 1;
	long scale = 0;
	for (size_t i = 0; i + 1 < c->m; i++) {
		double d = c->q[i] + s;
		if (d == 0)
			d = -0x1p-500 * c->q[i];
		term *= d / c->q[i] * (d / c->e[i]);
		s = c->e[i] / d * s - x;
		sum += term;
		if (sum > 0x1p500) {
			sum *= 0x1p-500;
			term *= 0x1p-500;
			scale += 500;
		}
	}
	return -(log(sum) + (double)scale * M_LN2);
}

/* The sums of eight x, each times 2^-scale; what has met a pivot of 0 is not finite. */
HOT static void christoffel_each(const struct chain *c, const double *xs, double *sums, double *scales)
{
	const ivec one = (ivec)EACH(1.0), small = (ivec)EACH(0x1p-500), step = (ivec)EACH(500.0);
	vec x = VEC_GET(xs), s = -x, term = EACH(1.0), sum = EACH(1.0), scale = EACH(0.0);
	for (size_t i = 0; i + 1 < c->m; i++) {
		vec d = c->q[i] + s;
		term *= d / c->q[i] * (d / c->e[i]);
		s = c->e[i] / d * s - x;
		sum += term;
		ivec big = sum > 0x1p500;
		vec factor = (vec)((small & big) | (one & ~big));
		sum *= factor;
		term *= factor;
		scale += (vec)(step & big);
	}
	VEC_PUT(sums) = sum;
	VEC_PUT(scales) = scale;
}

static void weigh(const struct chain *c, const double *t, size_t nodes, double *log_weight)
{
	for (size_t first = 0; first < nodes; first += VEC_LANES) {
		_Alignas(64) double x[VEC_LANES], sum[VEC_LANES], scale[VEC_LANES];
		size_t all = nodes - first < VEC_LANES ? nodes - first : VEC_LANES;
		for (size_t i = 0; i < VEC_LANES; i++)
			x[i] = t[first + (i < all ? i : 0)];
		christoffel_each(c, x, sum, scale);
		for (size_t i = 0; i < all; i++)
			log_weight[first + i] = isfinite(sum[i]) ? -(log(sum[i]) + scale[i] * M_LN2) : log_christoffel(c, x[i]);
	}
}

void jacobi_rule(double a, double b, size_t m, double *t, double *u, double *log_weight, double *work)
{
	struct chain left = {m, work, work + m}, right = {m, work + 2 * m, work + 3 * m};
	double slope;
	chain_of(&left, a, b);
	chain_of(&right, b, a);
	size_t half = below(&left, 0.5, &slope);
	find(&left, 0.5, half, t, log_weight);
	find(&right, 0.5 + 1e-9, m - half, u, log_weight);
	weigh(&left, t, half, log_weight);
	for (size_t i = 0; i < m - half; i++) /* rising in u: turned round, by way of t */
		t[m - 1 - i] = u[i];
	for (size_t i = half; i < m; i++) {
		u[i] = t[i];
		t[i] = 1 - u[i];
	}
	weigh(&right, u + half, m - half, log_weight + half);
	for (size_t i = 0; i < half; i++)
		u[i] = 1 - t[i];
}
