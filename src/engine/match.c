/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "elbow/match.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDEST = 64 /* columns of a Gaussian */ };

static const struct em_array *named(const struct em_problem *p, const char *name)
{
	for (unsigned i = 0; i < p->layout.theta_arrays; i++)
		if (strcmp(p->layout.theta[i].name, name) == 0)
			return p->layout.theta + i;
	return NULL;
}

/* One row of an array in a theta. */
struct row {
	const double *x;
	size_t n, step;
};

static struct row row_of(const struct em_array *a, const double *theta, size_t i)
{
	return (struct row){theta + a->offset + i * a->stride[0], a->rank > 1 ? a->dim[1] : 1, a->rank > 1 ? a->stride[1] : 1};
}

static double at(const struct row *r, size_t i)
{
	return r->x[i * r->step];
}

static double sum_of_row(const struct row *r)
{
	double sum = 0;
	for (size_t i = 0; i < r->n; i++)
		sum += at(r, i);
	return sum;
}

/* Below, all give the affinity: the sum of sqrt(p q). */

static double words(struct row p, struct row q)
{
	double sum = 0;
	for (size_t i = 0; i < p.n && i < q.n; i++)
		sum += sqrt(at(&p, i) * at(&q, i));
	return sum / sqrt(sum_of_row(&p) * sum_of_row(&q));
}

static double bits(struct row p, struct row q)
{
	double log_sum = 0;
	for (size_t i = 0; i < p.n && i < q.n; i++)
		log_sum += log(sqrt(at(&p, i) * at(&q, i)) + sqrt((1 - at(&p, i)) * (1 - at(&q, i))));
	return exp(log_sum);
}

static double counts(double a, double b)
{
	double d = sqrt(a) - sqrt(b);
	return exp(-d * d / 2);
}

static double directions(struct row p, struct row q)
{
	double pq = 0, pp = 0, qq = 0;
	for (size_t i = 0; i < p.n && i < q.n; i++) {
		pq += at(&p, i) * at(&q, i);
		pp += at(&p, i) * at(&p, i);
		qq += at(&q, i) * at(&q, i);
	}
	return pp > 0 && qq > 0 ? fabs(pq) / sqrt(pp * qq) : pp == qq;
}

/* Cholesky in place, lower; half the log determinant. NAN: not positive definite. */
static double half_log_det(double *m, size_t d)
{
	double sum = 0;
	for (size_t j = 0; j < d; j++) {
		for (size_t i = j; i < d; i++) {
			for (size_t k = 0; k < j; k++)
				m[i * d + j] -= m[i * d + k] * m[j * d + k];
			if (i == j && !(m[j * d + j] > 0))
				return NAN;
			m[i * d + j] = i == j ? sqrt(m[j * d + j]) : m[i * d + j] / m[j * d + j];
		}
		sum += log(m[j * d + j]);
	}
	return sum;
}

/* det(S)^1/4 det(T)^1/4 / det((S+T)/2)^1/2 exp(-1/8 d'((S+T)/2)^-1 d). */
static double gaussians(struct row mean_a, struct row mean_b, const double *s, const double *t)
{
	double m[3][WIDEST * WIDEST], y[WIDEST], square = 0;
	size_t d = mean_a.n;
	if (d > WIDEST || d != mean_b.n)
		return NAN;
	for (size_t i = 0; i < d * d; i++) {
		m[0][i] = s[i];
		m[1][i] = t[i];
		m[2][i] = (s[i] + t[i]) / 2;
	}
	double det_s = half_log_det(m[0], d), det_t = half_log_det(m[1], d), det = half_log_det(m[2], d);
	for (size_t i = 0; i < d; i++) {
		y[i] = at(&mean_a, i) - at(&mean_b, i);
		for (size_t k = 0; k < i; k++)
			y[i] -= m[2][i * d + k] * y[k];
		y[i] /= m[2][i * d + i];
		square += y[i] * y[i];
	}
	return exp((det_s + det_t) / 2 - det - square / 8);
}

static double affinity(const struct em_problem *p, const double *a, size_t i, const struct em_problem *r, const double *b, size_t j)
{
	static const char *const rows[] = {"topics", "lambda", "emissions"};
	for (size_t n = 0; n < 3; n++) {
		const struct em_array *x = named(p, rows[n]), *y = named(r, rows[n]);
		if (x && y)
			return words(row_of(x, a, i), row_of(y, b, j));
	}
	const struct em_array *x, *y, *s, *t;
	if ((x = named(p, "probabilities")) && (y = named(r, "probabilities")))
		return bits(row_of(x, a, i), row_of(y, b, j));
	if ((x = named(p, "bias")) && (y = named(r, "bias")))
		return bits(row_of(x, a, i), row_of(y, b, j));
	if ((x = named(p, "rates")) && (y = named(r, "rates")))
		return counts(*row_of(x, a, i).x, *row_of(y, b, j).x);
	if ((x = named(p, "loadings")) && (y = named(r, "loadings")))
		return directions(row_of(x, a, i), row_of(y, b, j));
	if ((x = named(p, "means")) && (y = named(r, "means")) && (s = named(p, "covariances")) && (t = named(r, "covariances")))
		return gaussians(row_of(x, a, i), row_of(y, b, j), row_of(s, a, i).x, row_of(t, b, j).x);
	return NAN;
}

double em_component_distance(const struct em_problem *p, const double *a, size_t i, const struct em_problem *r, const double *b,
                             size_t j)
{
	double same = affinity(p, a, i, r, b, j);
	return isnan(same) ? NAN : sqrt(fmax(1 - same, 0));
}

/* Row by row, along shortest augmenting paths with potentials u, v; column m stands for "none yet". */
enum em_status em_assign(size_t n, size_t m, const double *cost, size_t *to, struct em_err *err)
{
	double *u = calloc(n + 1, sizeof *u), *v = calloc(m + 1, sizeof *v), *least = calloc(m + 1, sizeof *least);
	size_t *row = calloc(m + 1, sizeof *row), *way = calloc(m + 1, sizeof *way);
	bool *used = calloc(m + 1, sizeof *used);
	enum em_status st = u && v && least && row && way && used ? EM_OK : em_no_memory(err);
	for (size_t j = 0; !st && j <= m; j++)
		row[j] = n; /* free */
	for (size_t i = 0; !st && i < n; i++) {
		size_t j0 = m;
		row[m] = i;
		for (size_t j = 0; j <= m; j++) {
			least[j] = INFINITY;
			used[j] = false;
		}
		do {
			size_t i0 = row[j0], j1 = m;
			double delta = INFINITY;
			used[j0] = true;
			for (size_t j = 0; j < m; j++) {
				if (used[j])
					continue;
				double c = cost[i0 * m + j] - u[i0] - v[j];
				if (c < least[j]) {
					least[j] = c;
					way[j] = j0;
				}
				if (least[j] < delta) {
					delta = least[j];
					j1 = j;
				}
			}
			for (size_t j = 0; j <= m; j++)
				if (used[j]) {
					u[row[j]] += delta;
					v[j] -= delta;
				} else {
					least[j] -= delta;
				}
			j0 = j1;
		} while (row[j0] != n);
		while (j0 != m) {
			row[j0] = row[way[j0]];
			j0 = way[j0];
		}
	}
	for (size_t j = 0; !st && j < m; j++)
		if (row[j] < n)
			to[row[j]] = j;
	free(u);
	free(v);
	free(least);
	free(row);
	free(way);
	free(used);
	return st;
}

enum em_status em_match(const struct em_problem *p, const double *a, const struct em_problem *r, const double *b, size_t *to,
                        double *distance, struct em_err *err)
{
	size_t n = p->layout.components, k = r->layout.components, m = n > k ? n : k; /* more columns: what is left without */
	double *cost = calloc(n * m, sizeof *cost);
	if (!cost)
		return em_no_memory(err);
	enum em_status st = EM_OK;
	for (size_t i = 0; i < n && !st; i++)
		for (size_t j = 0; j < m; j++) {
			double d = j < k ? em_component_distance(p, a, i, r, b, j) : 1;
			if (isnan(d))
				st = em_fail(err, EM_USAGE, "the %ss of %s have no distance from one another", p->model->component, p->model->name);
			cost[i * m + j] = d;
		}
	if (!st)
		st = em_assign(n, m, cost, to, err);
	for (size_t i = 0; i < n && !st; i++) {
		distance[i] = to[i] < k ? cost[i * m + to[i]] : NAN;
		to[i] = to[i] < k ? to[i] : SIZE_MAX;
	}
	free(cost);
	return st;
}
