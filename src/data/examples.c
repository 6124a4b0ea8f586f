/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The built-in data sets: figures with their source. */
#include "elbow/example.h"

#include <stdint.h>
#include <string.h>

#include "data/bars.h"

/* ---- coins ---- */

static enum em_status table_of(const char *name, size_t rows, size_t columns, const char *const *column, const double *x,
                               struct em_data **out, struct em_err *err)
{
	struct em_points *points = NULL;
	enum em_status st = em_points_from(rows, columns, column, x, &points, err);
	return st ? st : em_data_of(name, NULL, points, NULL, out, err);
}

static enum em_status make_coins(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	static const char *const column[] = {"heads", "tosses"};
	static const double x[] = {5, 10, 9, 10, 8, 10, 4, 10, 7, 10};
	(void)s;
	return table_of("coins", 5, 2, column, x, out, err);
}

static const double half[] = {0.5, 0.5};
static const double coins_bias[] = {0.6, 0.5};
static const struct em_start coins_start[] = {{"weights", half, 2}, {"bias", coins_bias, 2}, {NULL, NULL, 0}};
static const char *const coins_settings[][2] = {{"components", "2"}, {"weights_update", "fixed"}, {"init", "given"}, {NULL, NULL}};
static const char *const coins_models[] = {"coins", NULL};

/* ---- drawn from the seed ---- */

static uint64_t seed_of(const struct em_settings *s)
{
	return em_settings_row(s, "seed") ? (uint64_t)em_settings_number(s, "seed") : 1;
}

static enum em_status make_bars(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	return bars_make(seed_of(s), s, out, err);
}

static const char *const bars_settings[][2] = {{"components", "10"}, {"alpha", "1"}, {"grid", "5"}, {NULL, NULL}};
static const char *const corpus_models[] = {"lda", "unigrams", "plsa", NULL};

/* ---- text ---- */

static enum em_status make_gazette(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	return em_data_open(EM_DATA_CORPUS, NULL, s, out, err);
}

static const struct em_example examples[] = {
	{"gazette", "140 short newspaper pieces in four subjects, some in two", "written for elbow", corpus_models, NULL, NULL,
	 false, make_gazette},
	{"bars", "500 documents of ten bars on a grid of 5 x 5 words; topics are images",
	 "after Griffiths and Steyvers, PNAS 101 (2004); drawn from the seed", corpus_models, bars_settings, NULL, true, make_bars},
	{"coins", "five sets of ten tosses of two coins; which coin is hidden", "Do and Batzoglou, Nature Biotechnology 26 (2008)",
	 coins_models, coins_settings, coins_start, false, make_coins},
};

const struct em_example *em_example_at(size_t i)
{
	return i < sizeof examples / sizeof examples[0] ? examples + i : NULL;
}

const struct em_example *em_example_named(const char *name)
{
	for (size_t i = 0; em_example_at(i); i++)
		if (strcmp(examples[i].name, name) == 0)
			return examples + i;
	return NULL;
}
