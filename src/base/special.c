/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/special.h"

#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>
#include <math.h>

/* GSL's error handler would end the program, also from the functions that return a status: it is never asked for what it
 * refuses. Beyond EXTREME the leading term is exact in doubles. */
#define EXTREME 1e150

double special_digamma(double x)
{
	if (!(x > 0))
		return NAN;
	if (x < 1 / EXTREME || x > EXTREME)
		return x < 1 ? -1 / x : log(x);
	gsl_sf_result r;
	return gsl_sf_psi_e(x, &r) ? NAN : r.val;
}

double special_trigamma(double x)
{
	if (!(x > 0))
		return NAN;
	if (x < 1 / EXTREME || x > EXTREME)
		return x < 1 ? 1 / x / x : 1 / x;
	gsl_sf_result r;
	return gsl_sf_psi_1_e(x, &r) ? NAN : r.val;
}

/* Newton's method from within a few percent (Minka, Estimating a Dirichlet distribution, 2000, appendix C); digamma is concave,
 * so after the first step the iterates rise to the root. */
double special_inverse_digamma(double y)
{
	if (isnan(y) || isinf(y))
		return y < 0 ? 0 : y;
	double x = y >= -2.22 ? exp(y) + 0.5 : -1 / (y + 0.57721566490153286);
	if (!(x > 1 / EXTREME && x < EXTREME))
		return x;
	for (int i = 0; i < 8; i++) {
		double step = (special_digamma(x) - y) / special_trigamma(x);
		x = step < x ? x - step : x / 2;
		if (fabs(step) <= 1e-15 * x)
			break;
	}
	return x;
}

double special_lgamma(double x)
{
	int sign; /* lgamma() itself writes a global */
	return lgamma_r(x, &sign);
}

double special_log_norm(const double *a, size_t n)
{
	double sum = 0, parts = 0;
	for (size_t i = 0; i < n; i++) {
		sum += a[i];
		parts += special_lgamma(a[i]);
	}
	return special_lgamma(sum) - parts;
}

double special_log_sum_exp(const double *v, size_t n)
{
	double top = -INFINITY, sum = 0;
	for (size_t i = 0; i < n; i++)
		top = fmax(top, v[i]);
	if (isinf(top))
		return top;
	for (size_t i = 0; i < n; i++)
		sum += exp(v[i] - top);
	return top + log(sum);
}

/* The regularized incomplete beta function by its continued fraction (DLMF 8.17.22), modified Lentz. */
static double fraction(double x, double a, double b)
{
	double c = 1, d = 1 - (a + b) * x / (a + 1);
	d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
	double h = d;
	for (int m = 1; m < 100000; m++) {
		for (int odd = 0; odd < 2; odd++) {
			double k = m, t = odd ? -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
			                      : k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k));
			d = 1 + t * d;
			c = 1 + t / c;
			d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
			c = fabs(c) < 1e-300 ? 1e-300 : c;
			h *= d * c;
			if (odd && fabs(d * c - 1) < 1e-15)
				return h;
		}
	}
	return h;
}

static double log_beta(double a, double b)
{
	gsl_sf_result r; /* keeps the digits that the difference of two large lgammas loses */
	if (fmin(a, b) > 1 / EXTREME && fmax(a, b) < EXTREME && !gsl_sf_lnbeta_e(a, b, &r))
		return r.val;
	return special_lgamma(a) + special_lgamma(b) - special_lgamma(a + b);
}

double special_beta_cdf(double x, double a, double b)
{
	if (x <= 0 || x >= 1)
		return x > 0;
	double front = a * log(x) + b * log1p(-x) - log_beta(a, b);
	if (x < (a + 1) / (a + b + 2))
		return exp(front) * fraction(x, a, b) / a;
	return 1 - exp(front) * fraction(1 - x, b, a) / b;
}

/* By bisection of log x or log(1-x): slow and never astray, for a few intervals on a screen. */
double special_beta_quantile(double p, double a, double b)
{
	if (!(a >= 0) || !(b >= 0) || isinf(a) || isinf(b) || a + b == 0 || isnan(p))
		return NAN;
	if (p <= 0 || p >= 1 || a == 0 || b == 0) /* all mass at 0 or at 1 in the limit */
		return a == 0 ? 0 : b == 0 ? 1 : p >= 1;
	double low = 0, high = 1;
	for (int i = 0; i < 1100; i++) {
		double mid = low < 1e-3 && high > 4 * low ? (low > 0 ? sqrt(low * high) : high * 1e-3) : (low + high) / 2;
		if (mid <= low || mid >= high)
			break;
		if (mid < 1e-300)
			return low;
		if (special_beta_cdf(mid, a, b) < p)
			low = mid;
		else
			high = mid;
	}
	return (low + high) / 2;
}
