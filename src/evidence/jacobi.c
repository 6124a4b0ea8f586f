/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nodes are the eigenvalues of the Jacobi matrix of the density. On [0,1] that matrix is L D L' with
 *     D_i = z_{2i-1},  D_i L_i^2 = z_{2i},  z_j = (1 - p_{j-1}) p_j,
 *     p_{2n-1} = (a+n-1)/(a+b+2n-2),  p_{2n} = n/(a+b+2n-1)      (the canonical moments of Beta(a,b))
 * all of them positive, and then small changes of each z, in proportion, change each eigenvalue in proportion. So nodes at
 * 1e-12 of an end come out as exactly as others: those next to 0 from (a,b), those next to 1 as 1 less a node of (b,a).
 * Each is isolated by counting pivots (Sturm), then found by Newton's method within its bracket. */
#include "evidence/jacobi.h"

#include <math.h>

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

/* The one node in (lo, hi), of which `count` are below lo. */
static double polish(const struct chain *c, double lo, double hi, size_t count)
{
	double x = lo > 0 && hi > 4 * lo ? sqrt(lo * hi) : (lo + hi) / 2;
	for (int i = 0; i < 100; i++) {
		double slope;
		if (below(c, x, &slope) > count)
			hi = x;
		else
			lo = x;
		double next = x - 1 / slope;
		if (fabs(next - x) <= 2e-16 * x)
			return next > 0 ? next : x;
		if (!(next > lo && next < hi))
			next = lo > 0 && hi > 4 * lo ? sqrt(lo * hi) : (lo + hi) / 2;
		if (next <= lo || next >= hi)
			return next;
		x = next;
	}
	return x;
}

/* Nodes from .. to-1 lie in (lo, hi). */
static void isolate(const struct chain *c, double lo, double hi, size_t from, size_t to, double *t)
{
	double slope;
	while (to - from > 1) {
		double x = hi > 4 * lo ? sqrt(lo * hi) : (lo + hi) / 2;
		size_t mid = x > lo && x < hi ? below(c, x, &slope) : from;
		if (!(x > lo && x < hi)) { /* nodes of one double: beyond any density with shapes below 1e15 */
			for (; from < to; from++)
				t[from] = x;
			return;
		}
		mid = mid < from ? from : mid > to ? to : mid;
		if (mid > from)
			isolate(c, lo, x, from, mid, t);
		lo = mid > from || mid == from ? x : lo;
		from = mid;
	}
	if (to > from)
		t[from] = polish(c, lo, hi, from);
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

void jacobi_rule(double a, double b, size_t m, double *t, double *u, double *log_weight, double *work)
{
	struct chain left = {m, work, work + m}, right = {m, work + 2 * m, work + 3 * m};
	double slope;
	chain_of(&left, a, b);
	chain_of(&right, b, a);
	size_t half = below(&left, 0.5, &slope);
	isolate(&left, 0x1p-1000, 0.5, 0, half, t);
	isolate(&right, 0x1p-1000, 0.5 + 1e-9, 0, m - half, u);
	for (size_t i = 0; i < half; i++)
		log_weight[i] = log_christoffel(&left, t[i]);
	for (size_t i = 0; i < m - half; i++) /* rising in u: turned round, by way of t */
		t[m - 1 - i] = u[i];
	for (size_t i = half; i < m; i++) {
		u[i] = t[i];
		log_weight[i] = log_christoffel(&right, u[i]);
		t[i] = 1 - u[i];
	}
	for (size_t i = 0; i < half; i++)
		u[i] = 1 - t[i];
}
