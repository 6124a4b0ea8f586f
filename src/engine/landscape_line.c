/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "elbow/points.h"
#include "engine/landscape.h"

enum { LARGEST = 32 }; /* matrices that are checked */
#define EDGE 0.002     /* how near the ends of (0, 1) one looks */

static size_t extent(const struct em_array *a, unsigned d)
{
	return a->rank > d ? a->dim[d] : 1;
}

static size_t place(const struct em_array *a, size_t i, size_t j, size_t l)
{
	return a->offset + i * a->stride[0] + (a->rank > 1 ? j * a->stride[1] : 0) + (a->rank > 2 ? l * a->stride[2] : 0);
}

/* ---- parameters ---- */

/* What covariances of this model may be: diagonal, spherical, tied or (0) anything. */
static char covariance_shape(const struct em_problem *p, const struct em_array *a)
{
	if (a->constraint != EM_POSITIVE_DEFINITE || !em_settings_row(p->settings, "covariance"))
		return 0;
	char c = em_settings_text(p->settings, "covariance")[0];
	return c == 'd' || c == 's' || c == 't' ? c : 0;
}

const struct em_array *line_place(const struct em_problem *p, const struct em_coordinate *c, size_t *offset)
{
	for (unsigned i = 0; i < p->layout.theta_arrays; i++) {
		const struct em_array *a = p->layout.theta + i;
		if (strcmp(a->name, c->array) != 0)
			continue;
		for (unsigned d = 0; d < 3; d++)
			if (c->at[d] >= extent(a, d))
				return NULL;
		char shape = covariance_shape(p, a);
		if ((shape && shape != 't' && c->at[1] != c->at[2]) || (a->constraint == EM_SIMPLEX_ROWS && extent(a, a->rank - 1) < 2))
			return NULL;
		*offset = place(a, c->at[0], c->at[1], c->at[2]);
		return a;
	}
	return NULL;
}

/* A row of one number that sums to 1 cannot move, the upper half of a symmetric matrix is the lower, and of numbers that are
 * the same the first is enough. */
static bool looks(const struct em_problem *p, const struct em_array *a, size_t i, size_t j, size_t l)
{
	char shape = covariance_shape(p, a);
	if (a->constraint == EM_SIMPLEX_ROWS)
		return extent(a, a->rank - 1) > 1;
	if (a->constraint != EM_POSITIVE_DEFINITE)
		return true;
	return l <= j && (shape != 't' || i == 0) && (shape != 'd' || l == j) && (shape != 's' || (j == 0 && l == 0));
}

bool em_landscape_coordinate(const struct em_problem *p, size_t i, struct em_coordinate *out)
{
	for (unsigned n = 0; n < p->layout.theta_arrays; n++) {
		const struct em_array *a = p->layout.theta + n;
		for (size_t x = 0; x < extent(a, 0); x++)
			for (size_t y = 0; y < extent(a, 1); y++)
				for (size_t z = 0; z < extent(a, 2); z++)
					if (looks(p, a, x, y, z) && i-- == 0) {
						*out = (struct em_coordinate){.at = {x, y, z}};
						snprintf(out->array, sizeof out->array, "%s", a->name);
						return true;
					}
	}
	return false;
}

bool em_landscape_has(const struct em_problem *p, const struct em_coordinate *c)
{
	size_t offset;
	return line_place(p, c, &offset) != NULL;
}

bool em_landscape_pair(const struct em_problem *p, struct em_coordinate *x, struct em_coordinate *y)
{
	const struct em_layout *l = &p->layout;
	for (unsigned n = 0; n < l->theta_arrays; n++) {
		const struct em_array *a = l->theta + n;
		if (a->constraint == EM_SIMPLEX_ROWS && a->rank == 1)
			continue; /* weights: not what a component is */
		bool many = a->dim[0] > 1;
		if (!many && extent(a, 1) < 2)
			continue;
		*x = *y = (struct em_coordinate){.at = {0, 0, 0}};
		snprintf(x->array, sizeof x->array, "%s", a->name);
		snprintf(y->array, sizeof y->array, "%s", a->name);
		y->at[many ? 0 : 1] = 1;
		return em_landscape_has(p, x) && em_landscape_has(p, y);
	}
	return false;
}

bool em_landscape_same(const struct em_landscape_ask *a, const struct em_landscape_ask *b)
{
	const struct em_coordinate *ca[] = {&a->x, &a->y}, *cb[] = {&b->x, &b->y};
	if (a->kind != b->kind || a->zoom != b->zoom)
		return false;
	for (int i = 0; i < (a->kind == EM_ALONG_MOVE ? 0 : a->kind == EM_ALONG_ONE ? 1 : 2); i++)
		if (strcmp(ca[i]->array, cb[i]->array) != 0 || memcmp(ca[i]->at, cb[i]->at, sizeof ca[i]->at) != 0)
			return false;
	return true;
}

/* ---- constraints ---- */

static bool definite(const struct em_array *a, const double *theta, size_t k)
{
	double l[LARGEST * LARGEST];
	size_t d = extent(a, 1);
	if (d > LARGEST)
		return true;
	for (size_t j = 0; j < d; j++)
		for (size_t i = j; i < d; i++) {
			double sum = theta[place(a, k, i, j)];
			for (size_t m = 0; m < j; m++)
				sum -= l[i * d + m] * l[j * d + m];
			if (i == j && !(sum > 1e-14 * fabs(theta[place(a, k, j, j)])))
				return false;
			l[i * d + j] = i == j ? sqrt(sum) : sum / l[j * d + j];
		}
	return true;
}

bool line_valid(const struct em_problem *p, const double *theta)
{
	for (unsigned n = 0; n < p->layout.theta_arrays; n++) {
		const struct em_array *a = p->layout.theta + n;
		for (size_t x = 0; x < extent(a, 0); x++) {
			if (a->constraint == EM_POSITIVE_DEFINITE && !definite(a, theta, x))
				return false;
			for (size_t y = 0; y < extent(a, 1); y++)
				for (size_t z = 0; z < extent(a, 2); z++) {
					double v = theta[place(a, x, y, z)];
					bool unit = a->constraint == EM_SIMPLEX_ROWS || a->constraint == EM_PROBABILITY;
					if (!isfinite(v) || (unit && (v < 0 || v > 1)) || (a->constraint == EM_POSITIVE && !(v >= 0)))
						return false;
				}
		}
	}
	return true;
}

/* ---- between two thetas ---- */

static double at(double a, double b, double t)
{
	return t == 0 ? a : t == 1 ? b : a + t * (b - a);
}

/* Whether the straight line from a to b stays in [lo, hi] from -reach to 1 + reach. */
static bool stays(double a, double b, double reach, double lo, double hi)
{
	double first = at(a, b, -reach), last = at(a, b, 1 + reach);
	return first >= lo && first <= hi && last >= lo && last <= hi;
}

static double mix_one(enum em_constraint c, double a, double b, double t, double reach)
{
	double x = at(a, b, t);
	if (c == EM_POSITIVE && a > 0 && b > 0 && !stays(a, b, reach, 1e-300, INFINITY))
		return exp(at(log(a), log(b), t));
	if (c == EM_PROBABILITY && a > 0 && b > 0 && a < 1 && b < 1 && !stays(a, b, reach, 0, 1))
		return 1 / (1 + exp(-at(log(a / (1 - a)), log(b / (1 - b)), t)));
	/* A move that ends at the edge stays there. */
	return c == EM_POSITIVE ? fmax(x, 0) : c == EM_PROBABILITY ? fmin(fmax(x, 0), 1) : x;
}

/* A row that sums to 1, `many` numbers `step` apart. */
static void mix_row(const double *a, const double *b, size_t many, size_t step, double t, double reach, double *out)
{
	bool straight = true;
	double sum = 0;
	for (size_t i = 0; i < many; i++)
		straight &= stays(a[i * step], b[i * step], reach, 0, 1);
	for (size_t i = 0; i < many; i++) {
		double x = a[i * step], y = b[i * step];
		out[i * step] = straight ? at(x, y, t) : x > 0 && y > 0 ? exp(at(log(x), log(y), t)) : fmax(at(x, y, t), 0);
		sum += out[i * step];
	}
	for (size_t i = 0; i < many && !straight; i++)
		out[i * step] /= sum;
}

/* Before complete, which takes complements: of a probability so near 1 that it is 1 in a double, the complement that theta held
 * on its own would be 0, and an outcome that was all but impossible would become so. */
static void below_one(const struct em_problem *p, double *theta)
{
	for (unsigned n = 0; n < p->layout.theta_arrays; n++) {
		const struct em_array *a = p->layout.theta + n;
		for (size_t x = 0; x < a->dim[0] && a->constraint == EM_PROBABILITY; x++)
			for (size_t y = 0; y < extent(a, 1); y++) {
				double *v = theta + place(a, x, y, 0);
				if (*v == 1)
					*v = nextafter(1, 0);
			}
	}
}

static void complete(const struct em_problem *p, double *theta)
{
	if (!p->model->complete)
		return;
	below_one(p, theta);
	p->model->complete(p, theta);
}

void line_mix(const struct em_problem *p, const double *a, const double *b, double t, double reach, double *out)
{
	memcpy(out, t < 0.5 ? a : b, p->layout.theta_size * sizeof *out);
	if (t == 0 || t == 1) /* as they are: what complete makes anew may round another way */
		return;
	for (unsigned n = 0; n < p->layout.theta_arrays; n++) {
		const struct em_array *r = p->layout.theta + n;
		bool row = r->constraint == EM_SIMPLEX_ROWS;
		if (row && r->rank == 1)
			mix_row(a + r->offset, b + r->offset, r->dim[0], r->stride[0], t, reach, out + r->offset);
		for (size_t x = 0; x < r->dim[0] && !(row && r->rank == 1); x++) {
			size_t from = place(r, x, 0, 0);
			if (row) {
				mix_row(a + from, b + from, r->dim[1], r->stride[1], t, reach, out + from);
				continue;
			}
			for (size_t y = 0; y < extent(r, 1); y++)
				for (size_t z = 0; z < extent(r, 2); z++) {
					size_t i = place(r, x, y, z);
					out[i] = mix_one(r->constraint, a[i], b[i], t, reach);
				}
		}
	}
	complete(p, out);
}

/* ---- one parameter ---- */

void line_put(const struct em_problem *p, const double *theta, const struct em_coordinate *c, double value, double *out)
{
	size_t offset;
	const struct em_array *a = line_place(p, c, &offset);
	memcpy(out, theta, p->layout.theta_size * sizeof *out);
	if (!a)
		return;
	if (a->constraint == EM_SIMPLEX_ROWS) {
		size_t many = extent(a, a->rank - 1), step = a->stride[a->rank - 1], mine = c->at[a->rank - 1];
		double *row = out + (a->rank == 1 ? a->offset : place(a, c->at[0], 0, 0)), others = 1 - row[mine * step];
		for (size_t i = 0; i < many; i++)
			if (i != mine)
				row[i * step] = others > 1e-12 ? row[i * step] * (1 - value) / others : (1 - value) / (double)(many - 1);
	}
	out[offset] = value;
	char shape = covariance_shape(p, a);
	for (size_t k = 0; k < a->dim[0] && a->constraint == EM_POSITIVE_DEFINITE; k++)
		if (k == c->at[0] || shape == 't')
			out[place(a, k, c->at[1], c->at[2])] = out[place(a, k, c->at[2], c->at[1])] = value;
	for (size_t j = 0; j < extent(a, 1) && shape == 's'; j++)
		out[place(a, c->at[0], j, j)] = value;
	complete(p, out);
}

static void natural_range(const struct em_problem *p, const struct em_array *a, const struct em_coordinate *c,
                          const double *theta, double now, double *lo, double *hi)
{
	const struct em_points *x = p->data->points;
	*lo = EDGE;
	*hi = 1 - EDGE;
	if (a->constraint == EM_POSITIVE) {
		*lo = now / 4;
		*hi = now > 0 ? now * 3 : 1;
	} else if (a->constraint == EM_POSITIVE_DEFINITE) {
		double d1 = theta[place(a, c->at[0], c->at[1], c->at[1])], d2 = theta[place(a, c->at[0], c->at[2], c->at[2])];
		*lo = c->at[1] == c->at[2] ? now / 4 : -0.98 * sqrt(d1 * d2);
		*hi = c->at[1] == c->at[2] ? now * 3 : 0.98 * sqrt(d1 * d2);
	} else if (a->constraint == EM_FREE) {
		size_t column = c->at[a->rank - 1];
		bool of_column = x && x->columns == extent(a, a->rank - 1);
		*lo = *hi = now;
		for (size_t n = 0; of_column && n < x->rows; n++) {
			*lo = fmin(*lo, x->x[n * x->columns + column]);
			*hi = fmax(*hi, x->x[n * x->columns + column]);
		}
		if (of_column && a->rank == 2 && p->model->picture == EM_PICTURE_FACTORS) { /* loadings: a spread, of either sign */
			*hi = fmax((*hi - *lo) / 2, fabs(now));
			*lo = -*hi;
		}
		if (!of_column || !(*hi > *lo)) {
			*lo = now - 2 * fmax(fabs(now), 1);
			*hi = now + 2 * fmax(fabs(now), 1);
		}
	}
}

void line_range(const struct em_problem *p, const double *theta, const struct em_coordinate *c, const double *path, size_t n,
                double zoom, double *lo, double *hi)
{
	size_t offset;
	const struct em_array *a = line_place(p, c, &offset);
	double now = theta[offset], first = now, last = now;
	natural_range(p, a, c, theta, now, lo, hi);
	for (size_t i = 0; i < n; i++) {
		first = fmin(first, path[i]);
		last = fmax(last, path[i]);
	}
	double air = 0.08 * (last - first), below = first - air;
	bool unit = a->constraint == EM_SIMPLEX_ROWS || a->constraint == EM_PROBABILITY;
	if (a->constraint == EM_POSITIVE || (a->constraint == EM_POSITIVE_DEFINITE && c->at[1] == c->at[2]))
		below = fmax(below, first / 2);
	*lo = fmin(*lo, unit ? fmax(below, 0) : below);
	*hi = fmax(*hi, unit ? fmin(last + air, 1) : last + air);
	if (zoom > 1) {
		double left = (now - *lo) / zoom, right = (*hi - now) / zoom;
		*lo = now - left;
		*hi = now + right;
	}
}
