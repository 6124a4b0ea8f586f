/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Special functions against tabulated values, against their own identities, and where they have no value. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/special.h"

static void close_to(const char *what, double at, double got, double want, double room)
{
	if (!(fabs(got - want) <= room))
		fail_msg("%s(%.17g) is %.17g, not %.17g", what, at, got, want);
}

/* 50-digit arithmetic: recurrence up to 60, then the asymptotic series with 25 Bernoulli numbers. */
static void test_gamma_functions(void **state)
{
	(void)state;
	static const double table[][4] = {
		/* x, digamma, trigamma, lgamma */
		{0.001, -1000.5755719318102592, 1000001.6425331959035, 6.9071788853838533839},
		{0.1, -10.423754940411077641, 101.43329915079276304, 2.2527126517342059842},
		{0.5, -1.963510026021423549, 4.9348022005446789962, 0.57236494292470008194},
		{1, -0.57721566490153286555, 1.6449340668482264061, 0},
		{1.4616321449683623, -3.9928730412463045618e-17, 0.96767224544762120431, -0.12148629053584961146},
		{2, 0.42278433509846713445, 0.64493406684822640607, 0},
		{7.25, 1.9104535268837359308, 0.1478792331589321718, 7.0521854507385395294},
		{100, 4.6001618527380871981, 0.010050166663333571365, 359.13420536957539753},
		{12345.5, 9.4210064020526846917, 8.1004455200744420167e-05, 103958.24296512322326},
		{1e8, 18.420680738952366795, 1.0000000049999999398e-08, 1742068066.1038346291},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const double *t = table[i];
		close_to("digamma", t[0], special_digamma(t[0]), t[1], 1e-14 * (1 + fabs(t[1])));
		close_to("trigamma", t[0], special_trigamma(t[0]), t[2], 1e-14 * t[2]);
		close_to("lgamma", t[0], special_lgamma(t[0]), t[3], 1e-14 * (1 + fabs(t[3])));
	}
}

/* f(x + 1) - f(x) over the range that alpha and gamma have. */
static void test_recurrences(void **state)
{
	(void)state;
	for (double x = 1e-9; x < 1e7; x *= 1.37) {
		double up = special_digamma(x + 1);
		close_to("digamma", x, special_digamma(x) + 1 / x, up, 4e-15 * (1 / x + fabs(up) + 1));
		close_to("trigamma", x, special_trigamma(x) - 1 / (x * x), special_trigamma(x + 1), 4e-15 * (1 / (x * x) + 1));
		close_to("lgamma", x, special_lgamma(x) + log(x), special_lgamma(x + 1), 4e-15 * (1 + fabs(special_lgamma(x + 1))));
	}
}

static void test_inverse_digamma(void **state)
{
	(void)state;
	for (double x = 1e-140; x < 1e140; x *= x < 1e-6 || x > 1e8 ? 31.7 : 1.093) {
		double y = special_digamma(x), room = 1e-15 + 4e-16 * (fabs(y) + 1) / (x * special_trigamma(x));
		close_to("inverse digamma", y, special_inverse_digamma(y) / x, 1, room * 4);
	}
	close_to("inverse digamma", 0, special_inverse_digamma(0), 1.4616321449683623, 1e-14);
	assert_true(special_inverse_digamma(-INFINITY) == 0 && special_inverse_digamma(INFINITY) == INFINITY);
	assert_true(isnan(special_inverse_digamma(NAN)));
	assert_true(special_inverse_digamma(-1e200) == 1e-200 && special_inverse_digamma(1000) > 1e300);
}

/* Nothing ends the program: limits where there are, NAN elsewhere. */
static void test_outside_the_range(void **state)
{
	(void)state;
	static const double none[] = {0, -0.0, -1, -2.5, -INFINITY, NAN};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		assert_true(isnan(special_digamma(none[i])));
		assert_true(isnan(special_trigamma(none[i])));
	}
	static const double far[] = {1e-300, 1e-160, 1e-149, 1e149, 1e160, 1e300};
	for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
		double x = far[i], psi = x < 1 ? -1 / x : log(x), slope = x < 1 ? 1 / x / x : 1 / x;
		close_to("digamma", x, special_digamma(x) / psi, 1, 1e-15);
		if (isinf(slope))
			assert_true(isinf(special_trigamma(x)));
		else
			close_to("trigamma", x, special_trigamma(x) / slope, 1, 1e-14);
	}
	assert_true(special_digamma(4e-324) == -INFINITY && special_digamma(INFINITY) == INFINITY);
	assert_true(special_trigamma(INFINITY) == 0);
	assert_true(special_lgamma(0) == INFINITY && isnan(special_lgamma(NAN)));
}

static void test_log_space(void **state)
{
	(void)state;
	double a[] = {0.3, 2, 5}, v[] = {-1000, -1001, -INFINITY}, far[] = {1e300, 1e300}, bad[] = {0, NAN};
	assert_true(fabs(special_log_norm(a, 3) - (lgamma(7.3) - lgamma(0.3) - lgamma(2) - lgamma(5))) < 1e-12);
	assert_true(special_log_norm(a, 1) == 0);
	assert_true(fabs(special_log_sum_exp(v, 3) - (-1000 + log1p(exp(-1)))) < 1e-12);
	assert_true(special_log_sum_exp(v + 2, 1) == -INFINITY);
	assert_true(special_log_sum_exp(v, 0) == -INFINITY);
	assert_true(special_log_sum_exp(far, 2) == 1e300);
	assert_true(isnan(special_log_sum_exp(bad, 2)));
}

/* Where the quantile has a closed form. */
static void test_beta_quantiles(void **state)
{
	(void)state;
	static const double p[] = {0.05, 0.5, 0.95};
	for (size_t i = 0; i < 3; i++) {
		assert_true(fabs(special_beta_quantile(p[i], 1, 1) - p[i]) < 1e-12);
		assert_true(fabs(special_beta_quantile(p[i], 3, 1) - cbrt(p[i])) < 1e-12);
		assert_true(fabs(special_beta_quantile(p[i], 1, 4) - (1 - pow(1 - p[i], 0.25))) < 1e-12);
		double s = sin(M_PI / 2 * p[i]); /* the arcsine law */
		assert_true(fabs(special_beta_quantile(p[i], 0.5, 0.5) - s * s) < 1e-11);
		/* Symmetry, in shapes that documents have. */
		double x = special_beta_quantile(p[i], 20.1, 80.3), y = special_beta_quantile(1 - p[i], 80.3, 20.1);
		assert_true(fabs(x + y - 1) < 1e-10);
	}
}

/* The power series of the incomplete beta function to 40 digits, inverted by bisection. */
static void test_beta_quantiles_far_out(void **state)
{
	(void)state;
	static const struct {
		double p, a, b, x;
	} cases[] = {
		{0.05, 0.01, 30.01, 1.5128990345013991585e-132}, {0.95, 0.01, 30.01, 0.00011391736928958190632},
		{0.05, 3.7, 96.3, 0.012163117121942177935},      {0.95, 3.7, 96.3, 0.07226408093796003056},
		{0.5, 0.1, 1e6, 5.9339137131026196106e-10},      {0.95, 0.1, 1e6, 5.8043519806643846516e-7},
		{0.05, 250000, 750000, 0.24928804216112705239},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		close_to("beta quantile", cases[i].p, special_beta_quantile(cases[i].p, cases[i].a, cases[i].b) / cases[i].x, 1, 1e-8);
	assert_true(fabs(special_beta_quantile(0.95, 1e6, 1e6) - (0.5 + 1.6448536 * sqrt(0.125e-6))) < 1e-6);
	assert_true(special_beta_quantile(0.05, 1e-6, 5) == 0); /* 0.05^1000000 */
	assert_true(special_beta_quantile(0.95, 1e6, 0.01) > 1 - 1e-12);
	assert_true(special_beta_quantile(0, 2, 3) == 0 && special_beta_quantile(1, 2, 3) == 1);
	assert_true(special_beta_quantile(0.05, 2, 0) == 1 && special_beta_quantile(0.95, 0, 2) == 0);
	static const double bad[][3] = {{NAN, 1, 1}, {0.5, NAN, 1}, {0.5, 1, -1}, {0.5, 0, 0}, {0.5, INFINITY, 1}};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_true(isnan(special_beta_quantile(bad[i][0], bad[i][1], bad[i][2])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gamma_functions),   cmocka_unit_test(test_recurrences),
		cmocka_unit_test(test_inverse_digamma),
		cmocka_unit_test(test_outside_the_range), cmocka_unit_test(test_log_space),
		cmocka_unit_test(test_beta_quantiles),    cmocka_unit_test(test_beta_quantiles_far_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
