/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tests that every mixture on a table has to pass, against EM written down as its definition says. */
#ifndef ELBOW_TESTS_MIXED_H
#define ELBOW_TESTS_MIXED_H

#include "fit.h"

enum { MIXED_K = 12, MIXED_WIDTH = 40 };

struct mixed {
	const char *model, *array; /* the parameters are [K][width] of this array */
	size_t rows, columns, width;
	const char *const *column;
	const double *x;
	/* log p(row|parameters of one component). */
	double (*log_p)(const struct mixed *m, const double *row, const double *parameters);
	/* The parameters that maximize sum_n weight[n] log p(x_n): nothing is done where that is 0/0. */
	void (*maximize)(const struct mixed *m, const double *weight, double *parameters);
	double (*times)(const double *row); /* NULL: once */
	/* Parameters that no array shows: behind those of the array for the two above, as many. NULL: none. */
	double (*hidden)(const struct em_snapshot *s, size_t k, size_t j);
};

struct em_data *mixed_table(const struct mixed *m);
/* theta: as fit_open. */
void mixed_open(struct fit *f, const struct mixed *m, const char *k, const char *seed, const char *threads, const double *theta);

/* Parameters, weights and log p over `iterations` iterations, to 1e-9 relative. */
void mixed_check_plain(const struct mixed *m, const char *k, const char *seed, int iterations);
/* log p, ELBO and KL of each row by definition; signs, sums and order; with steps of one unit among them. */
void mixed_check_entries(const struct mixed *m, const char *k, const char *seed);
/* One thread as three, units as phases, back as before. */
void mixed_check_machine(const struct mixed *m, const char *k);
/* The run is refused as input with these words; theta as fit_open. */
void mixed_refuse(const struct mixed *m, const char *k, const double *theta, const char *want);

#endif
