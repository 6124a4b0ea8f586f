/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/jensen.h"

#include <float.h>
#include <math.h>
#include <string.h>

static double bell(double x)
{
	return exp(-(x - 2) * (x - 2));
}

static double entropy(double x)
{
	return x > 0 ? -x * log(x) : 0; /* 0 log 0 = 0 */
}

static double square(double x)
{
	return x * x;
}

/* f'' of the bell is (4 (x-2)^2 - 2) f: it changes its sign where |x-2| = 1/sqrt 2. */
#define HALF_WIDTH 0.70710678118654752440

static const struct jensen_function functions[] = {
	{"bell", "exp(−(x−2)²)", "exp(-(x-2)^2)", bell, -2, 6, 0, 4, 2 - HALF_WIDTH, 2 + HALF_WIDTH,
	 "where |x−2| < 1/√2"},
	{"log", "log x", "log x", log, 0.01, 20, 0.1, 4, 0.01, 20, "for all x > 0"},
	{"sqrt", "√x", "sqrt x", sqrt, 0, 20, 0, 4, 0, 20, "for all x ≥ 0"},
	{"entropy", "−x log x", "-x log x", entropy, 0, 6, 0, 3, 0, 6, "for all x ≥ 0"},
	{"square", "x²", "x^2", square, -4, 4, -1, 3, 0, 0, "nowhere: it is convex"},
};

const struct jensen_function *jensen_at(size_t i)
{
	return i < sizeof functions / sizeof functions[0] ? functions + i : NULL;
}

const struct jensen_function *jensen_named(const char *name)
{
	for (size_t i = 0; jensen_at(i); i++)
		if (strcmp(functions[i].name, name) == 0)
			return functions + i;
	return NULL;
}

struct jensen_case jensen_first(void)
{
	return (struct jensen_case){functions, 1, 2.5, 0.3};
}

struct jensen_sides jensen_sides_of(const struct jensen_case *c)
{
	const struct jensen_function *f = c->function;
	struct jensen_sides s = {.f1 = f->f(c->v1), .f2 = f->f(c->v2)};
	s.mean = c->alpha * c->v1 + (1 - c->alpha) * c->v2;
	s.mean = fmin(fmax(s.mean, fmin(c->v1, c->v2)), fmax(c->v1, c->v2)); /* rounding leads nowhere outside */
	s.mean_f = c->alpha * s.f1 + (1 - c->alpha) * s.f2;
	s.f_mean = f->f(s.mean);
	s.gap = s.f_mean - s.mean_f;
	s.equal = fabs(s.gap) <= 8 * DBL_EPSILON * (fabs(s.f1) + fabs(s.f2) + fabs(s.f_mean));
	s.inside = f->concave < f->until && fmin(c->v1, c->v2) >= f->concave && fmax(c->v1, c->v2) <= f->until;
	return s;
}
