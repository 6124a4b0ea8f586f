/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/digits.h"

#include <gsl/gsl_rng.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 8, PIXELS = SIDE * SIDE, HANDS = 3, DIGITS = 3, IMAGES = 150 };

static const char *const drawn[DIGITS][HANDS][SIDE] = {
	{
		{"..####..", ".#....#.", "......#.", ".....#..", "...##...", "..#.....", ".######.", "........"},
		{".#####..", "......#.", "......#.", ".....#..", "...##...", "..#.....", ".######.", "........"},
		{"..####..", ".#....#.", "......#.", "....#...", "...##...", ".#......", ".######.", "........"},
	},
	{
		{".#####..", "......#.", ".....#..", "...##...", "......#.", ".#....#.", "..####..", "........"},
		{"..####..", ".#....#.", ".....#..", "...##...", "......#.", ".#....#.", "..####..", "........"},
		{".#####..", "......#.", "....#...", "...##...", "......#.", "......#.", "..####..", "........"},
	},
	{
		{".#...#..", ".#...#..", ".#...#..", ".######.", ".....#..", ".....#..", ".....#..", "........"},
		{"..#..#..", ".#...#..", ".#...#..", ".######.", ".....#..", ".....#..", ".....#..", "........"},
		{".#...#..", ".#...#..", ".#...#..", ".#####..", ".....#..", ".....#..", "........", "........"},
	},
};

static void draw(gsl_rng *rng, size_t digit, double *out)
{
	const char *const *rows = drawn[digit][gsl_rng_uniform_int(rng, HANDS)];
	for (int y = 0; y < SIDE; y++)
		for (int x = 0; x < SIDE; x++) {
			double on = rows[y][x] == '#';
			out[y * SIDE + x] = gsl_rng_uniform(rng) < 0.04 ? 1 - on : on;
		}
}

enum em_status digits_make(uint64_t seed, struct em_data **out, struct em_err *err)
{
	char name[PIXELS][8];
	const char *column[PIXELS];
	double *x = calloc((size_t)IMAGES * PIXELS, sizeof *x);
	gsl_rng *rng = x ? gsl_rng_alloc(gsl_rng_mt19937) : NULL;
	struct em_points *points = NULL;
	if (!rng) {
		free(x);
		return em_no_memory(err);
	}
	gsl_rng_set(rng, (unsigned long)(seed ^ (seed >> 32)));
	for (size_t j = 0; j < PIXELS; j++) {
		snprintf(name[j], sizeof name[j], "r%zuc%zu", j / SIDE + 1, j % SIDE + 1);
		column[j] = name[j];
	}
	for (size_t n = 0; n < IMAGES; n++)
		draw(rng, n % DIGITS, x + n * PIXELS);
	gsl_rng_free(rng);
	enum em_status st = em_points_from(IMAGES, PIXELS, column, x, &points, err);
	free(x);
	return st ? st : em_data_of("digits", NULL, points, NULL, out, err);
}
