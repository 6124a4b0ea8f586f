/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Coordinates of theta in which every point is a theta, and the leap in them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/leap.h"

/* Nothing that was above 0 comes nearer to it in one leap. */
#define LEAST 0.1 /* of its square root */

static size_t extent(const struct em_array *a, unsigned d)
{
	return a->rank > d ? a->dim[d] : 1;
}

static size_t place(const struct em_array *a, size_t i, size_t j, size_t l)
{
	return a->offset + i * a->stride[0] + (a->rank > 1 ? j * a->stride[1] : 0) + (a->rank > 2 ? l * a->stride[2] : 0);
}

/* The lower factor of covariance k, its diagonal in logs, in the places of the lower half. False: not positive definite. */
static bool factor(const struct em_array *a, size_t k, const double *theta, double *out)
{
	for (size_t j = 0; j < extent(a, 1); j++) {
		for (size_t i = j; i < extent(a, 1); i++) {
			double sum = theta[place(a, k, i, j)];
			for (size_t m = 0; m < j; m++)
				sum -= out[place(a, k, i, m)] * out[place(a, k, j, m)];
			if (i == j && !(sum > 0))
				return false;
			out[place(a, k, i, j)] = i == j ? sqrt(sum) : sum / out[place(a, k, j, j)];
		}
		for (size_t i = 0; i < j; i++)
			out[place(a, k, i, j)] = 0;
	}
	for (size_t j = 0; j < extent(a, 1); j++)
		out[place(a, k, j, j)] = log(out[place(a, k, j, j)]);
	return true;
}

static void unfactor(const struct em_array *a, size_t k, const double *free_, double *out)
{
	for (size_t i = 0; i < extent(a, 1); i++)
		for (size_t j = 0; j <= i; j++) {
			double sum = 0;
			for (size_t m = 0; m <= j; m++) {
				double x = free_[place(a, k, i, m)], y = free_[place(a, k, j, m)];
				sum += (m == i ? exp(x) : x) * (m == j ? exp(y) : y);
			}
			out[place(a, k, i, j)] = out[place(a, k, j, i)] = sum;
		}
}

/* Where the bound is steep theta counts for more: square roots and arcs of them, in which the information of a probability or a rate
 * is the same everywhere. In logs the words that a topic loses, whose logs have no end, would lead. */
static double freed(enum em_constraint c, double x)
{
	switch (c) {
	case EM_SIMPLEX_ROWS:
	case EM_POSITIVE: return sqrt(x);
	case EM_PROBABILITY: return asin(sqrt(x));
	default: return x;
	}
}

/* like: what it was before the leap. */
static double bound_again(enum em_constraint c, double f, double like)
{
	switch (c) {
	case EM_SIMPLEX_ROWS:
	case EM_POSITIVE: return f > LEAST * sqrt(like) ? f * f : LEAST * LEAST * like;
	case EM_PROBABILITY: return f > 0 && f < M_PI_2 ? sin(f) * sin(f) : like;
	default: return f;
	}
}

static bool to_free(const struct em_problem *p, const double *theta, double *out)
{
	memset(out, 0, p->layout.theta_size * sizeof *out);
	for (unsigned n = 0; n < p->layout.theta_arrays; n++) {
		const struct em_array *a = p->layout.theta + n;
		for (size_t x = 0; x < extent(a, 0); x++) {
			if (a->constraint == EM_POSITIVE_DEFINITE) {
				if (!factor(a, x, theta, out))
					return false;
				continue;
			}
			for (size_t y = 0; y < extent(a, 1); y++)
				for (size_t z = 0; z < extent(a, 2); z++)
					out[place(a, x, y, z)] = freed(a->constraint, theta[place(a, x, y, z)]);
		}
	}
	return true;
}

static void row_back(const struct em_array *a, size_t x, const double *free_, const double *like, double *out)
{
	unsigned last = a->rank - 1;
	size_t many = a->dim[last], step = a->stride[last], from = a->rank == 1 ? a->offset : place(a, x, 0, 0);
	double sum = 0;
	for (size_t i = from; i < from + many * step; i += step)
		sum += out[i] = bound_again(EM_SIMPLEX_ROWS, free_[i], like[i]);
	for (size_t i = from; i < from + many * step; i += step)
		out[i] /= sum;
}

static void from_free(const struct em_problem *p, const double *free_, const double *like, double *out)
{
	memcpy(out, like, p->layout.theta_size * sizeof *out);
	for (unsigned n = 0; n < p->layout.theta_arrays; n++) {
		const struct em_array *a = p->layout.theta + n;
		bool rows = a->constraint == EM_SIMPLEX_ROWS, matrix = a->constraint == EM_POSITIVE_DEFINITE;
		for (size_t x = 0; x < (rows && a->rank == 1 ? 1 : extent(a, 0)); x++) {
			if (rows)
				row_back(a, x, free_, like, out);
			else if (matrix)
				unfactor(a, x, free_, out);
			for (size_t y = 0; y < extent(a, 1) && !rows && !matrix; y++)
				for (size_t z = 0; z < extent(a, 2); z++) {
					size_t i = place(a, x, y, z);
					out[i] = bound_again(a->constraint, free_[i], like[i]);
				}
		}
	}
	if (p->model->complete)
		p->model->complete(p, out);
}

static bool finite_all(const struct em_problem *p, const double *theta)
{
	for (size_t i = 0; i < p->layout.theta_size; i++)
		if (!isfinite(theta[i]))
			return false;
	return true;
}

bool leap_theta(const struct em_problem *p, const double *a, const double *b, const double *c, double *out, double *length)
{
	size_t n = p->layout.theta_size;
	double *x = malloc(3 * n * sizeof *x), rr = 0, vv = 0;
	*length = NAN;
	bool good = x && to_free(p, a, x) && to_free(p, b, x + n) && to_free(p, c, x + 2 * n);
	for (size_t i = 0; good && i < n; i++) {
		double r = x[n + i] - x[i], v = x[2 * n + i] - x[n + i] - r;
		rr += r * r;
		vv += v * v;
	}
	*length = sqrt(rr / vv);
	good = good && isfinite(*length) && *length > 1;
	for (size_t i = 0; good && i < n; i++) {
		double r = x[n + i] - x[i], v = x[2 * n + i] - x[n + i] - r;
		x[i] += 2 * *length * r + *length * *length * v;
	}
	if (good)
		from_free(p, x, c, out);
	free(x);
	return good && finite_all(p, out);
}
