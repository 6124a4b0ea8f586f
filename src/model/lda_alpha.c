/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Dirichlet parameter's maximum by safeguarded Newton steps (Blei, Ng & Jordan 2003, appendix A.2 and A.4.2; the signs
 * of the Hessian checked by differences). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/special.h"
#include "model/lda.h"

enum { STEPS = 100, HALVINGS = 40 };

/* Beyond this the maximum lies at infinity: all documents share one mixture. */
static const double alpha_max = 1e4, alpha_min = 1e-6;

static double symmetric_value(double a, double k, double sum, double docs)
{
	return docs * (special_lgamma(k * a) - k * special_lgamma(a)) + (a - 1) * sum;
}

/* Newton in log a: log a -= f' / (a f'' + f'), at most 2 a step. */
void lda_alpha_symmetric(double *alpha, size_t topics, const double *log_shares, double docs)
{
	double k = (double)topics, sum = 0, mean = 0;
	if (topics < 2) /* any alpha does as well */
		return;
	for (size_t i = 0; i < topics; i++) {
		sum += log_shares[i];
		mean += alpha[i] / k;
	}
	double a = mean, f = symmetric_value(a, k, sum, docs);
	bool flat = true; /* is the old alpha the same for all? then a is a fair start to compare with */
	for (size_t i = 1; i < topics; i++)
		flat &= alpha[i] == alpha[0];
	for (int step = 0; step < STEPS && docs > 0; step++) {
		double g = docs * k * (special_digamma(k * a) - special_digamma(a)) + sum;
		double h = docs * (k * k * special_trigamma(k * a) - k * special_trigamma(a));
		double d = -g / (a * h + g);
		if (!(a * h + g < 0)) /* not concave in log a here: go uphill */
			d = g > 0 ? 1 : -1;
		d = fmax(-2, fmin(2, d));
		double next = a, value = f;
		for (int halve = 0; halve < HALVINGS; halve++, d /= 2) {
			next = fmax(alpha_min, fmin(alpha_max, a * exp(d)));
			value = symmetric_value(next, k, sum, docs);
			if (value >= f)
				break;
			next = a;
			value = f;
		}
		bool settled = fabs(next - a) <= 1e-12 * a;
		a = next;
		f = value;
		if (settled)
			break;
	}
	/* From a vector the best common value may lie lower than the vector: then the vector stays. */
	if (!flat) {
		double old = docs * special_log_norm(alpha, topics);
		for (size_t i = 0; i < topics; i++)
			old += (alpha[i] - 1) * log_shares[i];
		if (f < old)
			return;
	}
	for (size_t i = 0; i < topics; i++)
		alpha[i] = a;
}

static double vector_value(const double *a, size_t k, const double *ss, double docs)
{
	double f = docs * special_log_norm(a, k);
	for (size_t i = 0; i < k; i++)
		f += (a[i] - 1) * ss[i];
	return f;
}

/* At an end of the range, and uphill is beyond it. */
static bool held(double a, double g)
{
	return (a < alpha_min * (1 + 1e-6) && g < 0) || (a > alpha_max * (1 - 1e-6) && g > 0);
}

/* The Newton direction for a Hessian diag(h) + z 11' (A.2): (g_i - c)/h_i with c = sum(g/h) / (1/z + sum(1/h)), of those that
 * are not held: one at an end must not keep the others from their maximum. Returns the largest relative step. */
static double direction(const double *a, size_t k, const double *ss, double docs, double *d)
{
	double total = 0, gh = 0, h1 = 0;
	for (size_t i = 0; i < k; i++)
		total += a[i];
	double z = docs * special_trigamma(total), psi = special_digamma(total), largest = 0;
	for (size_t i = 0; i < k; i++) {
		double h = -docs * special_trigamma(a[i]);
		double g = docs * (psi - special_digamma(a[i])) + ss[i];
		if (held(a[i], g))
			continue;
		gh += g / h;
		h1 += 1 / h;
	}
	double c = gh / (1 / z + h1);
	for (size_t i = 0; i < k; i++) {
		double h = -docs * special_trigamma(a[i]);
		double g = docs * (psi - special_digamma(a[i])) + ss[i];
		d[i] = held(a[i], g) ? 0 : -(g - c) / h;
		largest = fmax(largest, fabs(d[i]) / a[i]);
	}
	return largest;
}

void lda_alpha_vector(double *alpha, size_t k, const double *log_shares, double docs, double *scratch)
{
	double *d = scratch, *try = scratch + k;
	if (k < 2)
		return;
	double f = vector_value(alpha, k, log_shares, docs);
	for (int step = 0; step < STEPS && docs > 0; step++) {
		double largest = direction(alpha, k, log_shares, docs, d), t = 1, value = f;
		int halve = 0;
		for (; halve < HALVINGS; halve++, t /= 2) {
			bool inside = true;
			for (size_t i = 0; i < k; i++) {
				try[i] = alpha[i] + t * d[i];
				inside &= try[i] >= alpha_min && try[i] <= alpha_max;
			}
			if (inside && (value = vector_value(try, k, log_shares, docs)) >= f)
				break;
		}
		if (halve == HALVINGS)
			return;
		memcpy(alpha, try, k * sizeof *alpha);
		f = value;
		if (largest * t < 1e-12)
			return;
	}
}

/* Newton comes as near to the limit as halving its steps lets it. */
bool lda_remark(const struct em_problem *p, const double *theta, char *out, size_t size)
{
	const struct em_array *a = p->layout.theta;
	size_t most = 0;
	if ((int)em_settings_number(p->settings, "alpha_update") == 0 || p->layout.components < 2)
		return false;
	while (strcmp(a->name, "alpha") != 0)
		a++;
	const double *alpha = theta + a->offset;
	for (size_t k = 1; k < a->dim[0]; k++)
		most = alpha[k * a->stride[0]] > alpha[most * a->stride[0]] ? k : most;
	if (alpha[most * a->stride[0]] < 0.99 * alpha_max)
		return false;
	snprintf(out, size, "α_%zu stopped at its limit, %s: the bound has no finite maximum in α, all documents are alike; alpha_update=fixed holds it.",
	         most + 1, number_short(alpha_max, 5).s);
	return true;
}
