/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The first two principal axes of a table, of its columns in standard units. */
#include <float.h>
#include <gsl/gsl_eigen.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elbow/points.h"

enum { DENSE_MOST = 160, BASIS = 10, ROUNDS = 200 };

/* 1/sd; 0 for a column that does not vary beyond the rounding of its mean, and where a square would leave the range of
 * doubles. */
static double scale_of(const struct em_points *p, size_t j)
{
	bool varies = p->sd[j] > 4 * DBL_EPSILON * fabs(p->mean[j]) && isfinite(p->sd[j]) && isfinite(1 / p->sd[j]);
	return varies ? 1 / p->sd[j] : 0;
}

/* The correlation matrix, upper half mirrored. */
static void correlate(const struct em_points *p, const double *scale, double *row, double *out)
{
	size_t d = p->columns;
	memset(out, 0, d * d * sizeof *out);
	for (size_t n = 0; n < p->rows; n++) {
		for (size_t j = 0; j < d; j++)
			row[j] = (p->x[n * d + j] - p->mean[j]) * scale[j];
		for (size_t i = 0; i < d; i++)
			for (size_t j = i; j < d && row[i] != 0; j++)
				out[i * d + j] += row[i] * row[j] / (double)p->rows;
	}
	for (size_t i = 0; i < d; i++)
		for (size_t j = 0; j < i; j++)
			out[i * d + j] = out[j * d + i];
}

/* The eigenvectors of the two largest eigenvalues of a symmetric a [n][n] (overwritten), to axes [2][n]. */
static enum em_status eigen(size_t n, double *a, double *axes, double value[2], struct em_err *err)
{
	gsl_eigen_symmv_workspace *w = gsl_eigen_symmv_alloc(n);
	gsl_vector *all = gsl_vector_alloc(n);
	gsl_matrix *vectors = gsl_matrix_alloc(n, n);
	enum em_status st = w && all && vectors ? EM_OK : em_no_memory(err);
	gsl_matrix_view view = gsl_matrix_view_array(a, n, n);
	if (!st) {
		gsl_eigen_symmv(&view.matrix, all, vectors, w);
		gsl_eigen_symmv_sort(all, vectors, GSL_EIGEN_SORT_VAL_DESC);
	}
	for (size_t i = 0; !st && i < 2 && i < n; i++) {
		value[i] = gsl_vector_get(all, i);
		for (size_t j = 0; j < n; j++)
			axes[i * n + j] = gsl_matrix_get(vectors, j, i);
	}
	gsl_eigen_symmv_free(w);
	gsl_vector_free(all);
	gsl_matrix_free(vectors);
	return st;
}

/* ---- many columns: a small basis is turned until it holds the first axes ---- */

static double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* Makes the rows of v [count][d] orthonormal; one that adds nothing becomes 0. */
static void straighten(double *v, size_t count, size_t d)
{
	for (size_t i = 0; i < count; i++) {
		double *at = v + i * d, was = sqrt(dot(at, at, d));
		for (int twice = 0; twice < 2; twice++)
			for (size_t l = 0; l < i; l++) {
				double c = dot(at, v + l * d, d);
				for (size_t j = 0; j < d; j++)
					at[j] -= c * v[l * d + j];
			}
		double size = sqrt(dot(at, at, d));
		for (size_t j = 0; j < d; j++)
			at[j] = size > 1e-12 * was ? at[j] / size : 0;
	}
}

/* out = (correlations) v for each row of v, in one pass over the table. */
static void apply(const struct em_points *p, const double *scale, const double *v, double *row, double *out)
{
	size_t d = p->columns;
	memset(out, 0, BASIS * d * sizeof *out);
	for (size_t n = 0; n < p->rows; n++) {
		for (size_t j = 0; j < d; j++)
			row[j] = (p->x[n * d + j] - p->mean[j]) * scale[j];
		for (size_t i = 0; i < BASIS; i++) {
			double c = dot(v + i * d, row, d) / (double)p->rows;
			for (size_t j = 0; j < d; j++)
				out[i * d + j] += c * row[j];
		}
	}
}

/* Subspace iteration: v <- orthonormal (C v), until the two largest values stand. room: [2][BASIS][d]. */
static enum em_status iterate(const struct em_points *p, const double *scale, double *row, double *room, double *axes,
                              double value[2], struct em_err *err)
{
	size_t d = p->columns;
	double *v = room, *cv = room + BASIS * d, small[BASIS * BASIS], turn[2 * BASIS], before = -1;
	uint64_t state = 1;
	for (size_t i = 0; i < BASIS * d; i++) { /* any directions, the same for every table */
		state = state * 6364136223846793005u + 1442695040888963407u;
		v[i] = (double)(state >> 33) / 4294967296.0 - 0.25;
	}
	straighten(v, BASIS, d);
	for (int turns = 0; turns < ROUNDS; turns++) {
		apply(p, scale, v, row, cv);
		for (size_t i = 0; i < BASIS; i++)
			for (size_t l = 0; l < BASIS; l++)
				small[i * BASIS + l] = (dot(v + i * d, cv + l * d, d) + dot(v + l * d, cv + i * d, d)) / 2;
		enum em_status st = eigen(BASIS, small, turn, value, err);
		if (st)
			return st;
		double sum = value[0] + value[1];
		bool stands = fabs(sum - before) <= 1e-14 * sum;
		before = sum;
		if (stands)
			break;
		memcpy(v, cv, BASIS * d * sizeof *v);
		straighten(v, BASIS, d);
	}
	memset(axes, 0, 2 * d * sizeof *axes);
	for (size_t i = 0; i < 2; i++)
		for (size_t l = 0; l < BASIS; l++)
			for (size_t j = 0; j < d; j++)
				axes[i * d + j] += turn[i * BASIS + l] * v[l * d + j];
	return EM_OK;
}

/* The largest element is positive; of several as large to rounding, the first. */
static void sign(double *axis, size_t d)
{
	double most = 0;
	size_t at = 0;
	for (size_t j = 0; j < d; j++)
		most = fmax(most, fabs(axis[j]));
	while (at < d && fabs(axis[at]) < most * (1 - 1e-9))
		at++;
	bool turn = at < d && axis[at] < 0;
	for (size_t j = 0; j < d && turn; j++)
		axis[j] = axis[j] == 0 ? 0 : -axis[j];
}

enum em_status em_points_axes(const struct em_points *p, double *axes, double share[2], struct em_err *err)
{
	size_t d = p->columns, varying = 0;
	bool dense = d <= DENSE_MOST;
	double value[2] = {0}, *scale = malloc((2 * d + (dense ? d * d : 2 * BASIS * d)) * sizeof *scale);
	if (!scale)
		return em_no_memory(err);
	double *row = scale + d, *room = row + d;
	for (size_t j = 0; j < d; j++) {
		scale[j] = scale_of(p, j);
		varying += scale[j] > 0;
	}
	memset(axes, 0, 2 * d * sizeof *axes);
	enum em_status st;
	if (dense) {
		correlate(p, scale, row, room);
		st = eigen(d, room, axes, value, err);
	} else {
		st = iterate(p, scale, row, room, axes, value, err);
	}
	for (size_t i = 0; i < 2 && !st; i++) {
		bool empty = !(value[i] > 1e-12 * (double)varying);
		share[i] = empty ? 0 : value[i] / (double)varying;
		sign(axes + i * d, d);
		for (size_t j = 0; j < d; j++)
			axes[i * d + j] = empty ? 0 : axes[i * d + j] * scale[j];
	}
	free(scale);
	return st;
}

void em_points_project(const struct em_points *p, const double *axes, double *out)
{
	for (size_t n = 0; n < p->rows; n++)
		for (size_t i = 0; i < 2; i++) {
			double sum = 0;
			for (size_t j = 0; j < p->columns; j++)
				sum += axes[i * p->columns + j] * (p->x[n * p->columns + j] - p->mean[j]);
			out[2 * n + i] = sum;
		}
}
