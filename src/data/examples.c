/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The built-in data sets: figures with their source. */
#include "elbow/example.h"

#include <stdint.h>
#include <string.h>

#include "data/bars.h"
#include "data/digits.h"
#include "data/faithful.h"
#include "data/vowels.h"

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
static const char *const coins_settings[][2] = {
	{"components", "2"}, {"weights_update", "fixed"}, {"init", "given"}, {"tolerance", "1e-06"}, {NULL, NULL},
};
static const char *const coins_models[] = {"coins", NULL};

/* ---- linkage ---- */

static enum em_status make_linkage(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	static const char *const column[] = {"y1", "y2", "y3", "y4"};
	static const double x[] = {125, 18, 20, 34};
	(void)s;
	return table_of("linkage", 1, 4, column, x, out, err);
}

static const double linkage_pi[] = {0.5};
static const struct em_start linkage_start[] = {{"pi", linkage_pi, 1}, {NULL, NULL, 0}};
static const char *const linkage_settings[][2] = {{"init", "given"}, {"tolerance", "1e-06"}, {NULL, NULL}};
static const char *const linkage_models[] = {"linkage", NULL};

/* ---- Old Faithful ---- */

static enum em_status make_faithful(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	static const char *const column[] = {"eruptions", "waiting"};
	(void)s;
	return table_of("faithful", 272, 2, column, &faithful[0][0], out, err);
}

static enum em_status make_waiting(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	static const char *const column[] = {"waiting"};
	double x[272];
	(void)s;
	for (size_t i = 0; i < 272; i++)
		x[i] = faithful[i][1];
	return table_of("waiting", 272, 1, column, x, out, err);
}

static const double faithful_means[] = {4.5, 55, 2, 80}; /* across the clusters: EM has something to do */
static const double faithful_covariances[] = {1, 0, 0, 100, 1, 0, 0, 100};
static const struct em_start faithful_start[] = {{"weights", half, 2}, {"means", faithful_means, 4},
                                                 {"covariances", faithful_covariances, 8}, {NULL, NULL, 0}};
static const double waiting_means[] = {50, 60}, waiting_covariances[] = {50, 50};
static const struct em_start waiting_start[] = {{"weights", half, 2}, {"means", waiting_means, 2},
                                                {"covariances", waiting_covariances, 2}, {NULL, NULL, 0}};
static const char *const gmm_settings[][2] = {
	{"components", "2"}, {"init", "given"}, {"tolerance", "1e-06"}, {NULL, NULL},
};
static const char *const gmm_models[] = {"gmm", NULL}, *const faithful_models[] = {"gmm", "factor", NULL};

/* ---- death notices ---- */

static enum em_status make_deaths(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	static const char *const column[] = {"count", "frequency"};
	static const double x[] = {0, 162, 1, 267, 2, 271, 3, 185, 4, 111, 5, 61, 6, 27, 7, 8, 8, 3, 9, 1};
	(void)s;
	return table_of("deaths", 10, 2, column, x, out, err);
}

static const double deaths_weights[] = {0.4, 0.6}, deaths_rates[] = {1, 2};
static const struct em_start deaths_start[] = {{"weights", deaths_weights, 2}, {"rates", deaths_rates, 2}, {NULL, NULL, 0}};
static const char *const deaths_settings[][2] = {
	{"components", "2"}, {"init", "given"}, {"tolerance", "1e-06"}, {"max_iterations", "5000"}, {NULL, NULL},
};
static const char *const deaths_models[] = {"poisson", NULL};

/* ---- three points ---- */

static enum em_status make_three(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	static const char *const column[] = {"x"};
	static const double x[] = {1, 2, 3};
	(void)s;
	return table_of("three", 3, 1, column, x, out, err);
}

static const double three_means[] = {1, 3}, three_covariances[] = {1, 1};
static const struct em_start three_start[] = {{"weights", half, 2}, {"means", three_means, 2},
                                              {"covariances", three_covariances, 2}, {NULL, NULL, 0}};

/* ---- ice cream ---- */

static enum em_status make_icecream(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	static const char days[] = "2 3 3 2 3 2 3 2 2 3 1 3 3 1 1 1 2 1 1 1 3 1 2 1 1 1 2 3 3 2 3 2 2\n";
	struct em_sequences *q = NULL;
	enum em_status st = em_sequences_from("icecream", days, sizeof days - 1, s, &q, err);
	return st ? st : em_data_of("icecream", NULL, NULL, q, out, err);
}

static const double icecream_initial[] = {0.5, 0.5}, icecream_transitions[] = {0.8, 0.1, 0.1, 0.1, 0.8, 0.1};
static const double icecream_emissions[] = {0.7, 0.2, 0.1, 0.1, 0.2, 0.7};
static const struct em_start icecream_start[] = {{"initial", icecream_initial, 2}, {"transitions", icecream_transitions, 6},
                                                 {"emissions", icecream_emissions, 6}, {NULL, NULL, 0}};
static const char *const icecream_settings[][2] = {
	{"components", "2"}, {"final", "stop"}, {"init", "given"}, {"tolerance", "1e-06"}, {NULL, NULL},
};
static const char *const hmm_models[] = {"hmm", NULL};

/* ---- drawn from the seed ---- */

static uint64_t seed_of(const struct em_settings *s)
{
	return em_settings_row(s, "seed") ? (uint64_t)em_settings_number(s, "seed") : 1;
}

static enum em_status make_digits(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	return digits_make(seed_of(s), out, err);
}

static enum em_status make_bars(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	return bars_make(seed_of(s), s, out, err);
}

static const char *const digits_settings[][2] = {{"components", "3"}, {"grid", "8"}, {NULL, NULL}};
static const char *const digits_models[] = {"bernoulli", NULL};
static const char *const bars_settings[][2] = {{"components", "10"}, {"alpha", "1"}, {"grid", "5"}, {NULL, NULL}};
static const char *const corpus_models[] = {"lda", "unigrams", "plsa", NULL};

/* ---- text ---- */

static const char *const vowels_settings[][2] = {{"components", "2"}, {"symbols", "letters"}, {NULL, NULL}};

static enum em_status make_gazette(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	return em_data_open(EM_DATA_CORPUS, NULL, s, out, err);
}

/* ---- how far mean field is off: documents small enough to sum over ---- */

static enum em_status make_texts(const char *name, const char *csv, const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	struct em_corpus *c = NULL;
	enum em_status st = em_corpus_from(name, csv, strlen(csv), s, &c, err);
	return st ? st : em_data_of(name, c, NULL, NULL, out, err);
}

static enum em_status make_oneword(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	return make_texts("oneword", "text\na\nb\nc\n", s, out, err);
}

static enum em_status make_saddle(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	return make_texts("saddle", "text\na c\nb\n", s, out, err);
}

static enum em_status make_basins(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	return make_texts("basins", "text\na a b b c c\n", s, out, err);
}

static enum em_status make_paradox(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	return make_texts("paradox", "text\na a b c\na a b c c\n", s, out, err);
}

#define TEXTS(K) \
	{"components", K}, {"init", "given"}, {"min_length", "1"}, {"stop", "none"}, {"e_start", "cold"}, {"e_sweeps", "100000"}, \
	{"e_tolerance", "1e-12"}, {"tolerance", "1e-06"}, {NULL, NULL}
static const char *const two_topics[][2] = {TEXTS("2")}, *const three_topics[][2] = {TEXTS("3")};
static const char *const lda_models[] = {"lda", NULL};
static const double mirrored[] = {0.6, 0.3, 0.1, 0.1, 0.3, 0.6}, balanced[] = {0.5, 0.3, 0.2, 0.2, 0.3, 0.5}, ones[] = {1, 1}, tenths[] = {0.1, 0.1};
static const struct em_start oneword_start[] = {{"alpha", ones, 2}, {"topics", mirrored, 6}, {NULL, NULL, 0}};
static const struct em_start saddle_start[] = {{"alpha", tenths, 2}, {"topics", balanced, 6}, {NULL, NULL, 0}};
static const double basins_alpha[] = {0.05, 0.05, 0.05};
static const double basins_topics[] = {0.35, 0.10, 0.55, 0.25, 0.30, 0.45, 0.20, 0.60, 0.20};
static const struct em_start basins_start[] = {{"alpha", basins_alpha, 3}, {"topics", basins_topics, 9}, {NULL, NULL, 0}};
static const double fifths[] = {0.2, 0.2}, paradox_topics[] = {0.3, 0.5, 0.2, 0.5, 0.1, 0.4};
static const struct em_start paradox_start[] = {{"alpha", fifths, 2}, {"topics", paradox_topics, 6}, {NULL, NULL, 0}};

static const struct em_example examples[] = {
	{"gazette", "140 short newspaper pieces in four subjects, some in two", "written for elbow", corpus_models, NULL, NULL,
	 false, make_gazette},
	{"bars", "500 documents of ten bars on a grid of 5 x 5 words; topics are images",
	 "after Griffiths and Steyvers, PNAS 101 (2004); drawn from the seed", corpus_models, bars_settings, NULL, true, make_bars},
	{"oneword", "three documents of one word each: KL is above 0 all the same", "written for elbow", lda_models, two_topics,
	 oneword_start, false, make_oneword},
	{"saddle", "two words whose usual start is a saddle of the bound", "written for elbow", lda_models, two_topics, saddle_start,
	 false, make_saddle},
	{"basins", "six words, four stable optima of one E-step; the usual start ends in the worst", "written for elbow", lda_models,
	 three_topics, basins_start, false, make_basins},
	{"paradox", "two documents on which log p falls while the ELBO rises", "written for elbow", lda_models, two_topics,
	 paradox_start, false, make_paradox},
	{"coins", "five sets of ten tosses of two coins; which coin is hidden", "Do and Batzoglou, Nature Biotechnology 26 (2008)",
	 coins_models, coins_settings, coins_start, false, make_coins},
	{"linkage", "197 animals in four cells, one parameter: the smallest EM there is",
	 "Rao (1965) in Dempster, Laird and Rubin, JRSS B 39 (1977)", linkage_models, linkage_settings, linkage_start, false,
	 make_linkage},
	{"faithful", "272 eruptions of Old Faithful, their length and the wait for the next", "Azzalini and Bowman, Applied Statistics 39 (1990)",
	 faithful_models, gmm_settings, faithful_start, false, make_faithful},
	{"waiting", "the 272 waits for Old Faithful alone, in one dimension", "Azzalini and Bowman, Applied Statistics 39 (1990)",
	 gmm_models, gmm_settings, waiting_start, false, make_waiting},
	{"three", "the points 1, 2 and 3 under two unit Gaussians: EM by hand", "Cross Validated, question 312703", gmm_models,
	 gmm_settings, three_start, false, make_three},
	{"deaths", "death notices a day of women over 80 in The Times, 1910-1912: a slow EM", "Hasselblad, JASA 64 (1969)", deaths_models,
	 deaths_settings, deaths_start, false, make_deaths},
	{"icecream", "ice creams eaten on 33 days; the weather is hidden", "Eisner, ACL workshop on teaching NLP, W02-0102 (2002)", hmm_models,
	 icecream_settings, icecream_start, false, make_icecream},
	{"vowels", "the letters of English prose; two states find vowels and consonants", "the texts of gazette, written for elbow", hmm_models,
	 vowels_settings, NULL, false, vowels_make},
	{"digits", "150 images of the digits 2, 3 and 4 in 8 x 8 pixels", "after Bishop, PRML (2006), figure 9.10; drawn for elbow from the seed",
	 digits_models, digits_settings, NULL, true, make_digits},
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
