/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "model/gmm.h"

bool gmm_cholesky(size_t d, const double *matrix, double *l)
{
	memset(l, 0, d * d * sizeof *l);
	for (size_t i = 0; i < d; i++)
		for (size_t j = 0; j <= i; j++) {
			double sum = matrix[i * d + j];
			for (size_t x = 0; x < j; x++)
				sum -= l[i * d + x] * l[j * d + x];
			if (i == j && !(sum > 0 && isfinite(sum))) {
				for (size_t x = 0; x < d; x++)
					l[x * d + x] = NAN;
				return false;
			}
			l[i * d + j] = i == j ? sqrt(sum) : sum / l[j * d + j];
		}
	return true;
}

void gmm_semidefinite(size_t d, double *matrix, const double *least)
{
	for (size_t j = 0; j < d; j++) {
		double pivot = matrix[j * d + j];
		for (size_t x = 0; x < j; x++) {
			pivot -= matrix[j * d + x] * matrix[j * d + x];
			matrix[x * d + j] = 0;
		}
		bool any = pivot > least[j];
		matrix[j * d + j] = any ? sqrt(pivot) : 0;
		for (size_t i = j + 1; i < d; i++) {
			double sum = matrix[i * d + j];
			for (size_t x = 0; x < j; x++)
				sum -= matrix[i * d + x] * matrix[j * d + x];
			matrix[i * d + j] = any ? sum / matrix[j * d + j] : 0;
		}
	}
}

void gmm_product(size_t d, const double *a, const double *b, double *out)
{
	for (size_t i = 0; i < d; i++)
		for (size_t j = 0; j < d; j++) {
			double sum = 0;
			for (size_t x = j; x <= i; x++)
				sum += a[i * d + x] * b[x * d + j];
			out[i * d + j] = sum;
		}
}

void gmm_update(size_t d, double *l, double *v)
{
	for (size_t i = 0; i < d; i++) { /* a rotation takes v[i] into the diagonal */
		double size = hypot(l[i * d + i], v[i]);
		if (v[i] == 0)
			continue;
		double c = l[i * d + i] / size, s = v[i] / size;
		l[i * d + i] = size;
		for (size_t x = i + 1; x < d; x++) {
			double was = l[x * d + i];
			l[x * d + i] = c * was + s * v[x];
			v[x] = c * v[x] - s * was;
		}
	}
}

void gmm_forward(size_t d, const double *l, double *x)
{
	for (size_t i = 0; i < d; i++) {
		for (size_t j = 0; j < i; j++)
			x[i] -= l[i * d + j] * x[j];
		x[i] /= l[i * d + i];
	}
}

void gmm_times(size_t d, const double *l, double *x)
{
	for (size_t i = d; i-- > 0;) {
		double sum = 0;
		for (size_t j = 0; j <= i; j++)
			sum += l[i * d + j] * x[j];
		x[i] = sum;
	}
}

void gmm_square(size_t d, const double *l, double *out)
{
	for (size_t i = 0; i < d; i++)
		for (size_t j = 0; j <= i; j++) {
			double sum = 0;
			for (size_t x = 0; x <= j; x++)
				sum += l[i * d + x] * l[j * d + x];
			out[i * d + j] = out[j * d + i] = sum;
		}
}

/* Makes columns a and b of w orthogonal; false when they were. */
static bool rotate(size_t d, double *w, size_t a, size_t b)
{
	double aa = 0, bb = 0, ab = 0;
	for (size_t i = 0; i < d; i++) {
		aa += w[i * d + a] * w[i * d + a];
		bb += w[i * d + b] * w[i * d + b];
		ab += w[i * d + a] * w[i * d + b];
	}
	if (!(fabs(ab) > 1e-16 * sqrt(aa) * sqrt(bb)))
		return false;
	double cot = (bb - aa) / (2 * ab), tan = copysign(1, cot) / (fabs(cot) + hypot(1, cot));
	double c = 1 / hypot(1, tan), s = c * tan;
	for (size_t i = 0; i < d; i++) {
		double x = w[i * d + a], y = w[i * d + b];
		w[i * d + a] = c * x - s * y;
		w[i * d + b] = s * x + c * y;
	}
	return true;
}

/* One-sided Jacobi (Hestenes 1958) on L itself: the product L L' would square the condition. */
void gmm_eigenvalues(size_t d, const double *l, double *values, double *axes)
{
	double own[GMM_COLUMNS * GMM_COLUMNS], *w = axes ? axes : own;
	bool moved = true;
	memcpy(w, l, d * d * sizeof *w);
	for (int sweep = 0; sweep < 30 && moved; sweep++) {
		moved = false;
		for (size_t a = 0; a < d; a++)
			for (size_t b = a + 1; b < d; b++)
				moved |= rotate(d, w, a, b);
	}
	for (size_t j = 0; j < d; j++) {
		values[j] = 0;
		for (size_t i = 0; i < d; i++)
			values[j] += w[i * d + j] * w[i * d + j];
	}
}

/* floor I and what the large eigenvalues have above it: the directions of the small ones need not be known. */
size_t gmm_lift(size_t d, double *l, double floor)
{
	double values[GMM_COLUMNS], axes[GMM_COLUMNS * GMM_COLUMNS], v[GMM_COLUMNS];
	size_t low = 0;
	gmm_eigenvalues(d, l, values, axes);
	for (size_t j = 0; j < d; j++)
		low += values[j] < floor;
	if (!low)
		return 0;
	memset(l, 0, d * d * sizeof *l);
	for (size_t i = 0; i < d; i++)
		l[i * d + i] = sqrt(floor);
	for (size_t j = 0; j < d; j++) {
		for (size_t i = 0; i < d && values[j] > floor; i++)
			v[i] = axes[i * d + j] * sqrt(1 - floor / values[j]);
		if (values[j] > floor)
			gmm_update(d, l, v);
	}
	return low;
}
