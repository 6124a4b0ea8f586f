/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "model/factor.h"

void factor_triangle(const struct factor_shape *s, const double *theta, double *r, double *row)
{
	size_t k = s->k;
	memset(r, 0, k * k * sizeof *r);
	for (size_t i = 0; i < k; i++)
		r[i * k + i] = 1;
	for (size_t j = 0; j < s->d; j++) {
		double sd = sqrt(theta[s->noise + j]);
		for (size_t i = 0; i < k; i++)
			row[i] = theta[s->loadings + i * s->d + j] / sd;
		for (size_t i = 0; i < k; i++) { /* a rotation takes row[i] into the diagonal */
			double *to = r + i * k, size = hypot(to[i], row[i]);
			if (row[i] == 0)
				continue;
			double c = to[i] / size, b = row[i] / size;
			to[i] = size;
			for (size_t l = i + 1; l < k; l++) {
				double was = to[l];
				to[l] = c * was + b * row[l];
				row[l] = c * row[l] - b * was;
			}
		}
	}
}

void factor_invert(size_t k, const double *r, double *t)
{
	memset(t, 0, k * k * sizeof *t);
	for (size_t j = 0; j < k; j++) {
		t[j * k + j] = 1 / r[j * k + j];
		for (size_t i = j; i-- > 0;) {
			double sum = 0;
			for (size_t l = i + 1; l <= j; l++)
				sum += r[i * k + l] * t[l * k + j];
			t[i * k + j] = -sum / r[i * k + i];
		}
	}
}

void factor_gain(const struct factor_shape *s, const double *theta, const double *r, double *gain, double *row)
{
	size_t k = s->k, d = s->d;
	for (size_t j = 0; j < d; j++) {
		double sd = sqrt(theta[s->noise + j]);
		for (size_t i = 0; i < k; i++) { /* R' q = the row of Psi^-1/2 L: a row of Q */
			double sum = theta[s->loadings + i * d + j] / sd;
			for (size_t l = 0; l < i; l++)
				sum -= r[l * k + i] * row[l];
			row[i] = sum / r[i * k + i];
		}
		for (size_t i = k; i-- > 0;) {
			double sum = row[i] / sd;
			for (size_t l = i + 1; l < k; l++)
				sum -= r[i * k + l] * gain[l * d + j];
			gain[i * d + j] = sum / r[i * k + i];
		}
	}
}

double factor_spread(const struct factor_shape *s, const double *t, const double *loadings, size_t j)
{
	double all = 0;
	for (size_t i = 0; i < s->k; i++) {
		double sum = 0;
		for (size_t l = 0; l <= i; l++)
			sum += t[l * s->k + i] * loadings[l * s->d + j];
		all += sum * sum;
	}
	return all;
}

double factor_divergence(size_t k, const double *r, const double *t)
{
	double all = 0;
	for (size_t i = 0; i < k; i++)
		for (size_t j = i; j < k; j++) { /* B = R T: half of sum B_ij^2 - K - log det B'B */
			double b = 0;
			for (size_t l = i; l <= j; l++)
				b += r[i * k + l] * t[l * k + j];
			double more = (b - 1) * (b + 1);
			all += i == j ? more - log1p(more) : b * b;
		}
	return all / 2;
}

void factor_solve(size_t k, double *a, double *b, size_t columns)
{
	for (size_t i = 0; i < k; i++) { /* A = C C', C in the lower half; a column of zeros where a pivot is none */
		double least = 1e-15 * a[i * k + i], pivot = a[i * k + i];
		for (size_t l = 0; l < i; l++)
			pivot -= a[i * k + l] * a[i * k + l];
		a[i * k + i] = pivot > least ? sqrt(pivot) : 0;
		for (size_t j = i + 1; j < k; j++) {
			double sum = a[j * k + i];
			for (size_t l = 0; l < i; l++)
				sum -= a[i * k + l] * a[j * k + l];
			a[j * k + i] = pivot > least ? sum / a[i * k + i] : 0;
		}
	}
	for (size_t j = 0; j < columns; j++) {
		for (size_t i = 0; i < k; i++) {
			double sum = b[i * columns + j];
			for (size_t l = 0; l < i; l++)
				sum -= a[i * k + l] * b[l * columns + j];
			b[i * columns + j] = a[i * k + i] > 0 ? sum / a[i * k + i] : 0;
		}
		for (size_t i = k; i-- > 0;) {
			double sum = b[i * columns + j];
			for (size_t l = i + 1; l < k; l++)
				sum -= a[l * k + i] * b[l * columns + j];
			b[i * columns + j] = a[i * k + i] > 0 ? sum / a[i * k + i] : 0;
		}
	}
}
