/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What was published about the built-in examples, digit by digit. A number says how well it is known by the digits it has. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jensen.h"
#include "command/selftest.h"

#define START(what, printed) {AT_START, 0, what, printed, NULL}
#define E(n, what, printed) {AT_E, n, what, printed, NULL}
#define M(n, what, printed) {AT_M, n, what, printed, NULL}
#define LIMIT(what, printed) {AT_LIMIT, 0, what, printed, NULL}
#define OF(what, printed, f) {AT_START, 0, what, printed, f}
#define END {AT_LIMIT, 0, NULL, NULL, NULL}

/* ---- Jensen's inequality ---- */

static struct jensen_sides sides(void)
{
	struct jensen_case c = jensen_first();
	return jensen_sides_of(&c);
}

static double jensen_f1(const struct em_snapshot *s)
{
	(void)s;
	return sides().f1;
}

static double jensen_f2(const struct em_snapshot *s)
{
	(void)s;
	return sides().f2;
}

static double jensen_chord(const struct em_snapshot *s)
{
	(void)s;
	return sides().mean_f;
}

static double jensen_curve(const struct em_snapshot *s)
{
	(void)s;
	return sides().f_mean;
}

static struct jensen_sides broken(void)
{
	struct jensen_case c = {jensen_first().function, 0, 2.5, 0.8};
	return jensen_sides_of(&c);
}

static double broken_chord(const struct em_snapshot *s)
{
	(void)s;
	return broken().mean_f;
}

static double broken_curve(const struct em_snapshot *s)
{
	(void)s;
	return broken().f_mean;
}

static const struct published jensen[] = {
	OF("f(1)", ".3679", jensen_f1),
	OF("f(2.5)", ".7788", jensen_f2),
	OF("E[f(v)], alpha = .3", ".6555", jensen_chord),
	OF("f(E[v]) = f(2.05)", ".9975", jensen_curve),
	OF("E[f(v)], v1 = 0, alpha = .8", ".1704", broken_chord),
	OF("f(E[v]), v1 = 0, alpha = .8", ".1054", broken_curve),
	END,
};

/* ---- two coins ---- */

static const struct published coins[] = {
	E(1, "responsibilities[1][1]", ".45"),
	E(1, "responsibilities[2][1]", ".80"),
	E(1, "responsibilities[3][1]", ".73"),
	E(1, "responsibilities[4][1]", ".35"),
	E(1, "responsibilities[5][1]", ".65"),
	E(1, "heads[1]", "21.3"),
	E(1, "tails[1]", "8.6"),
	E(1, "heads[2]", "11.7"),
	E(1, "tails[2]", "8.4"),
	M(1, "bias[1]", ".71"),
	M(1, "bias[2]", ".58"),
	M(10, "bias[1]", ".80"),
	M(10, "bias[2]", ".52"),
	END,
};

/* The same with more digits than the paper's figure has room for. */
static const struct published coins_digits[] = {
	START("log p", "-33.093863"),
	E(1, "responsibilities[1][1]", ".4491"),
	E(1, "responsibilities[2][1]", ".8050"),
	E(1, "responsibilities[3][1]", ".7335"),
	E(1, "responsibilities[4][1]", ".3522"),
	E(1, "responsibilities[5][1]", ".6472"),
	M(1, "bias[1]", ".713012"),
	M(1, "bias[2]", ".581339"),
	M(10, "bias[1]", ".796744"),
	M(10, "bias[2]", ".519659"),
	LIMIT("bias[1]", ".796789066923"),
	LIMIT("bias[2]", ".519583120145"),
	LIMIT("log p", "-31.570200"),
	END,
};

static const char *const coins_free[][2] = {
	{"components", "2"}, {"weights_update", "estimated"}, {"init", "given"}, {NULL, NULL},
};
static const struct published coins_weights[] = {
	LIMIT("bias[1]", ".793368"),
	LIMIT("bias[2]", ".513917"),
	LIMIT("weights[1]", ".522751"),
	LIMIT("log p", "-31.568695"),
	END,
};

/* Q = E_q[log p(X,Z|theta)] at its maximum falls from iteration to iteration, though log p rises. */
static const double half[] = {0.5, 0.5};
static const double far_apart[] = {0.9, 0.1};
static const struct em_start coins_far[] = {{"weights", half, 2}, {"bias", far_apart, 2}, {NULL, NULL, 0}};
static const struct published coins_q[] = {
	START("log p", "-40.98656"),
	M(1, "Q", "-33.16634"),
	M(1, "log p", "-31.84048"),
	M(2, "Q", "-33.20181"),
	M(2, "log p", "-31.61712"),
	M(3, "Q", "-33.26062"),
	END,
};

/* With the coins known each set counts for its own: one coin alone on its sets. */
static enum em_status make_tosses(size_t sets, const double *x, struct em_data **out, struct em_err *err)
{
	static const char *const column[] = {"heads", "tosses"};
	struct em_points *points = NULL;
	enum em_status st = em_points_from(sets, 2, column, x, &points, err);
	return st ? st : em_data_of("tosses", NULL, points, NULL, out, err);
}

static enum em_status make_a(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	static const double x[] = {9, 10, 8, 10, 7, 10};
	(void)s;
	return make_tosses(3, x, out, err);
}

static enum em_status make_b(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	static const double x[] = {5, 10, 4, 10};
	(void)s;
	return make_tosses(2, x, out, err);
}

#define DO "Do and Batzoglou, Nature Biotechnology 26 (2008)"
static const char *const coins_model[] = {"coins", NULL};
static const char *const alone[][2] = {{"components", "1"}, {NULL, NULL}};
static const struct em_example tosses_a = {"coins", "", DO, coins_model, alone, NULL, false, make_a};
static const struct em_example tosses_b = {"coins", "", DO, coins_model, alone, NULL, false, make_b};
static const struct published coin_a[] = {M(1, "bias[1]", ".80"), END};
static const struct published coin_b[] = {M(1, "bias[1]", ".45"), END};

/* ---- linkage ---- */

/* How much smaller the error got in the last M-step. The limit is the root of the quadratic that the likelihood's derivative is. */
static double error_ratio(const struct em_snapshot *s)
{
	const double limit = (15 + sqrt(53809)) / 394;
	return (s->theta[0] - limit) / (s->theta_before[0] - limit);
}

#define RATIO(n, printed) {AT_M, n, "error against the last", printed, error_ratio}
static const struct published linkage[] = {
	M(1, "pi[1]", ".608247423"), RATIO(1, ".1465"),
	M(2, "pi[1]", ".624321050"), RATIO(2, ".1346"),
	M(3, "pi[1]", ".626488879"), RATIO(3, ".1330"),
	M(4, "pi[1]", ".626777322"), RATIO(4, ".1328"),
	M(5, "pi[1]", ".626815632"),
	M(6, "pi[1]", ".626820719"),
	M(7, "pi[1]", ".626821394"),
	M(8, "pi[1]", ".626821484"), RATIO(8, ".1327787"), /* the derivative of EM's map at the limit */
	LIMIT("pi[1]", ".626821497871"),
	END,
};

/* ---- Old Faithful ---- */

/* 2 log p - 11 log 272: eleven parameters. */
static double bic(const struct em_snapshot *s)
{
	return 2 * s->ledger[s->position].log_evidence - 11 * log((double)s->problem->layout.observations);
}

static const struct published faithful_mclust[] = {
	LIMIT("log p", "-1130.264"), {AT_LIMIT, 0, "BIC", "-2322.192", bic}, LIMIT("weights[1]", ".3559"), LIMIT("weights[2]", ".6441"), END,
};

/* mclust stops a hair before the maximum. */
static const struct published faithful_limit[] = {
	LIMIT("log p", "-1130.26396018"),
	LIMIT("weights[1]", ".3558729"),
	LIMIT("means[1][1]", "2.036388"),
	LIMIT("means[1][2]", "54.478516"),
	LIMIT("means[2][1]", "4.289662"),
	LIMIT("means[2][2]", "79.968115"),
	END,
};

static const char *const one_gaussian[][2] = {{"components", "1"}, {NULL, NULL}};
static const struct published faithful_one[] = {LIMIT("log p", "-1289.797"), END};

/* In units of the standard deviation, with n - 1. */
static enum em_status make_standard(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	static const char *const column[] = {"eruptions", "waiting"};
	struct em_data *raw = NULL;
	struct em_points *points = NULL;
	enum em_status st = em_example_named("faithful")->make(s, &raw, err);
	if (st)
		return st;
	const struct em_points *f = raw->points;
	double *x = calloc(f->rows * 2, sizeof *x), n = (double)f->rows;
	for (size_t i = 0; x && i < 2 * f->rows; i++)
		x[i] = (f->x[i] - f->mean[i % 2]) / (f->sd[i % 2] * sqrt(n / (n - 1)));
	st = x ? em_points_from(f->rows, 2, column, x, &points, err) : em_no_memory(err);
	free(x);
	em_data_free(raw);
	return st ? st : em_data_of("standardized", NULL, points, NULL, out, err);
}

static const char *const gmm_model[] = {"gmm", NULL};
static const char *const given_two[][2] = {{"components", "2"}, {"init", "given"}, {NULL, NULL}};
static const double standard_means[] = {-1, -1, 1, 1}, standard_covariances[] = {1, 0, 0, 1, 1, 0, 0, 1};
static const struct em_start standard_start[] = {{"weights", half, 2}, {"means", standard_means, 4},
                                                 {"covariances", standard_covariances, 8}, {NULL, NULL, 0}};
static const struct em_example standard = {"faithful", "", "", gmm_model, given_two, NULL, false, make_standard};
static const struct published faithful_standard[] = {LIMIT("log p", "-384.458853"), END};

/* mixtools stops a little before the end: its last digits are not those of the maximum, and are left out. */
static const struct published waiting_mixtools[] = {
	LIMIT("weights[1]", ".36089"),   LIMIT("weights[2]", ".63911"),
	LIMIT("means[1][1]", "54.6149"), LIMIT("means[2][1]", "80.0911"),
	LIMIT("log p", "-1034.002"),     END,
};

static const struct published waiting_limit[] = {
	LIMIT("sqrt covariances[1][1][1]", "5.871219"),
	LIMIT("sqrt covariances[2][1][1]", "5.867734"),
	LIMIT("log p", "-1034.001750"),
	END,
};

static const double equal_means[] = {70, 70}, equal_covariances[] = {100, 100};
static const struct em_start equal_start[] = {{"weights", half, 2}, {"means", equal_means, 2},
                                              {"covariances", equal_covariances, 2}, {NULL, NULL, 0}};
static const struct published waiting_saddle[] = {M(1, "log p", "-1095.289"), M(100, "log p", "-1095.289"), END};

/* ---- 1, 2, 3 ---- */

static const struct published three_points[] = {
	START("log p", "-4.389254"),
	M(1, "log p", "-3.549215"),
	M(2, "log p", "-3.486789"),
	M(3, "log p", "-3.418307"),
	END,
};

/* ---- death notices ---- */

static const struct published deaths[] = {
	LIMIT("weights[1]", ".3599"),
	LIMIT("weights[2]", ".6401"),
	LIMIT("rates[1]", "1.2561"),
	LIMIT("rates[2]", "2.6634"),
	END,
};

/* How much smaller the error got in the last iteration. */
static double deaths_rate(const struct em_snapshot *s)
{
	const double limit = 1.256095101;
	size_t at = s->problem->layout.theta[1].offset;
	return (s->theta[at] - limit) / (s->theta_before[at] - limit);
}

static const struct published deaths_limit[] = {
	{AT_M, 1500, "rate", ".995666", deaths_rate},
	LIMIT("weights[2]", ".6401146"),
	LIMIT("rates[1]", "1.2560951"),
	LIMIT("rates[2]", "2.6634044"),
	LIMIT("log p", "-1989.945860"),
	END,
};

/* In how many iterations Q, at its maximum, is below the one before. */
static double falls_of_q(const struct em_snapshot *s)
{
	double last = NAN, falls = 0;
	for (size_t i = 0; i <= s->position; i++)
		if (s->ledger[i].phase == EM_M) {
			falls += s->ledger[i].energy < last;
			last = s->ledger[i].energy;
		}
	return falls;
}

static const double deaths_weights[] = {0.9, 0.1}, deaths_rates[] = {1.8, 6};
static const struct em_start deaths_far[] = {{"weights", deaths_weights, 2}, {"rates", deaths_rates, 2}, {NULL, NULL, 0}};
static const struct published deaths_q[] = {{AT_M, 400, "falls of Q in 399 iterations", "349", falls_of_q}, END};

/* ---- ice cream ---- */

/* State 1 is a cold day, state 2 a hot one; symbols 1, 2, 3 are so many ice creams. */
static double perplexity(const struct em_snapshot *s)
{
	return exp(-s->ledger[s->position].log_evidence / (double)s->problem->data->sequences->total);
}

static const struct published icecream[] = {
	START("log p", "-41.537818"),
	OF("perplexity per day", "3.5209", perplexity),
	E(1, "mass[1]", "14.6793"),
	E(1, "mass[2]", "18.3207"),
	M(1, "emissions[1][1]", ".676502"),
	M(1, "emissions[1][2]", ".218819"),
	M(1, "emissions[1][3]", ".104678"),
	M(1, "emissions[2][1]", ".058372"),
	M(1, "emissions[2][2]", ".425087"),
	M(1, "emissions[2][3]", ".516541"),
	M(10, "emissions[1][1]", ".6407"),
	M(10, "emissions[1][2]", ".1481"),
	M(10, "emissions[1][3]", ".2112"),
	M(10, "emissions[2][1]", ".0002"),
	M(10, "emissions[2][2]", ".5341"),
	M(10, "emissions[2][3]", ".4657"),
	M(10, "transitions[1][1]", ".9337"),
	M(10, "transitions[2][2]", ".8650"),
	LIMIT("log p", "-35.332895"),
	END,
};

/* ---- Aitken's forecast ---- */

static struct em_verdict aitken(void)
{
	static const double log_p[] = {-261, -257.46, -256.4};
	struct em_entry ledger[3];
	memset(ledger, 0, sizeof ledger);
	for (size_t i = 0; i < 3; i++) {
		ledger[i].step = ledger[i].iteration = i;
		ledger[i].phase = i ? EM_M : EM_INIT;
		ledger[i].elbo = log_p[i];
	}
	return em_verdict_on(ledger, 2, 0.01, "observation");
}

static double aitken_rate(const struct em_snapshot *s)
{
	(void)s;
	return aitken().rate;
}

static double aitken_limit(const struct em_snapshot *s)
{
	(void)s;
	return -256.4 + aitken().to_come;
}

static const struct published forecast[] = {
	OF("rate of -261 -257.46 -256.4", ".299435", aitken_rate),
	OF("limit by Aitken", "-255.946935", aitken_limit),
	END,
};

/* ---- exact evidence of LDA ---- */

/* a, b, c are the words 1, 2, 3 of the table, and d is 4. */
static enum em_status make_words(const char *csv, const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	struct em_corpus *c = NULL;
	enum em_status st = em_corpus_from("words", csv, strlen(csv), s, &c, err);
	return st ? st : em_data_of("words", c, NULL, NULL, out, err);
}

static enum em_status make_three(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	return make_words("text\na\na c\na a b c\na a a a a c c c b b\n", s, out, err);
}

static enum em_status make_four(const struct em_settings *s, struct em_data **out, struct em_err *err)
{
	return make_words("text\na a b c d d\n", s, out, err);
}

#define LDA_SETTINGS(K) \
	{"components", K}, {"init", "given"}, {"e_start", "cold"}, {"e_sweeps", "1000000"}, {"e_tolerance", "1e-13"}, \
	{"min_length", "1"}, {"stop", "none"}, {NULL, NULL}
static const char *const two_topics[][2] = {LDA_SETTINGS("2")};
static const char *const three_topics[][2] = {LDA_SETTINGS("3")};
static const char *const lda_models[] = {"lda", NULL};
static const struct em_example three_words = {"evidence", "", "", lda_models, two_topics, NULL, false, make_three};
static const struct em_example four_words = {"evidence", "", "", lda_models, three_topics, NULL, false, make_four};

static const double topics_2[] = {0.6, 0.3, 0.1, 0.1, 0.3, 0.6};
static const double topics_3[] = {0.7, 0.1, 0.1, 0.1, 0.1, 0.7, 0.1, 0.1, 0.1, 0.1, 0.4, 0.4};
static const double one[] = {1, 1, 1}, tenth[] = {0.1, 0.1}, five[] = {5, 5}, halves[] = {0.5, 0.5, 0.5};
static const struct em_start lda_one[] = {{"alpha", one, 2}, {"topics", topics_2, 6}, {NULL, NULL, 0}};
static const struct em_start lda_tenth[] = {{"alpha", tenth, 2}, {"topics", topics_2, 6}, {NULL, NULL, 0}};
static const struct em_start lda_five[] = {{"alpha", five, 2}, {"topics", topics_2, 6}, {NULL, NULL, 0}};
static const struct em_start lda_three[] = {{"alpha", halves, 3}, {"topics", topics_3, 12}, {NULL, NULL, 0}};

static const struct published evidence_one[] = {
	E(1, "log p[1]", "-1.049822124"), E(1, "ELBO[1]", "-1.140164121"), E(1, "KL[1]", ".090341996"),
	E(1, "gamma[1][1]", "1.933632"), E(1, "gamma[1][2]", "1.066368"),
	E(1, "log p[2]", "-2.286055791"), E(1, "ELBO[2]", "-2.505109357"), E(1, "KL[2]", ".219053566"),
	E(1, "gamma[2][1]", "2"),
	E(1, "log p[3]", "-4.539850720"), E(1, "ELBO[3]", "-4.883958760"), E(1, "KL[3]", ".344108040"),
	E(1, "gamma[3][1]", "3.685536"), E(1, "gamma[3][2]", "2.314464"),
	E(1, "log p[4]", "-11.177179385"), E(1, "ELBO[4]", "-11.602273019"), E(1, "KL[4]", ".425093634"),
	E(1, "gamma[4][1]", "7.528336"), E(1, "gamma[4][2]", "4.471664"),
	END,
};

static const struct published evidence_tenth[] = {
	E(1, "log p[1]", "-1.049822124"), E(1, "ELBO[1]", "-1.203965235"), E(1, "KL[1]", ".154143110"),
	E(1, "gamma[1][1]", "1.099992"), E(1, "gamma[1][2]", ".100008"),
	E(1, "log p[2]", "-2.653325301"), E(1, "ELBO[2]", "-3.891403718"), E(1, "KL[2]", "1.238078417"),
	E(1, "gamma[2][1]", "1.1"),
	E(1, "log p[3]", "-4.907120230"), E(1, "ELBO[3]", "-5.386575886"), E(1, "KL[3]", ".479455656"),
	E(1, "gamma[3][1]", "4.099939"), E(1, "gamma[3][2]", ".100061"),
	E(1, "log p[4]", "-12.011473203"), E(1, "ELBO[4]", "-13.134772215"), E(1, "KL[4]", "1.123299011"),
	E(1, "gamma[4][1]", "7.140394"), E(1, "gamma[4][2]", "3.059606"),
	END,
};

static const struct published evidence_five[] = {
	E(1, "log p[4]", "-10.902045013"), E(1, "ELBO[4]", "-11.087739703"), E(1, "KL[4]", ".185694689"),
	E(1, "gamma[4][1]", "11.032847"), E(1, "gamma[4][2]", "8.967153"),
	END,
};

static const struct published evidence_three[] = {
	E(1, "log p", "-9.020864978"), E(1, "ELBO", "-10.098115983"),
	END,
};

/* The ELBO rises, log p falls. */
static const struct published paradox[] = {
	E(1, "ELBO", "-12.1439"), E(1, "KL", "1.9206"), E(1, "log p", "-10.2232"),
	M(1, "ELBO", "-11.5745"), M(1, "KL", ".8541"),  M(1, "log p", "-10.7204"),
	M(2, "log p", "-10.7312"), M(3, "log p", "-10.7395"),
	END,
};

#define BY_OTHERS "computed by other programs"
#define BY_HAND "brute force over all topics, in agreement with the sum over counts"

const struct trial selftest_trials[] = {
	{"jensen", "f(x) = exp(-(x-2)^2)", "worked by hand", NULL, true, NULL, NULL, NULL,
	 jensen},
	{"coins", "the figure", NULL, NULL, false, NULL, NULL, NULL, coins},
	{"coins", "known to be A: sets 2, 3 and 5 alone", NULL, &tosses_a, false, NULL, NULL, NULL, coin_a},
	{"coins", "known to be B: sets 1 and 4 alone", NULL, &tosses_b, false, NULL, NULL, NULL, coin_b},
	{"coins", "more digits", BY_OTHERS, NULL, false, NULL, NULL, NULL, coins_digits},
	{"coins", "weights estimated", BY_OTHERS, NULL, false, NULL, coins_free, NULL, coins_weights},
	{"coins", "from biases .9 and .1: Q falls", BY_OTHERS, NULL, false, NULL, NULL, coins_far, coins_q},
	{"linkage", "", NULL, NULL, false, NULL, NULL, NULL, linkage},
	{"faithful", "two full covariances, as mclust prints them", "mclust", NULL, false, NULL, NULL, NULL, faithful_mclust},
	{"faithful", "the maximum", BY_OTHERS, NULL, false, NULL, NULL, NULL, faithful_limit},
	{"faithful", "one component", BY_OTHERS, NULL, false, NULL, one_gaussian, NULL, faithful_one},
	{"faithful", "both columns standardized", BY_OTHERS, &standard, false, NULL, NULL, standard_start, faithful_standard},
	{"waiting", "as mixtools prints them, but for the digits its early stop leaves wrong", "mixtools", NULL, false, NULL, NULL, NULL, waiting_mixtools},
	{"waiting", "the maximum", BY_OTHERS, NULL, false, NULL, NULL, NULL, waiting_limit},
	{"waiting", "equal starts: the saddle", BY_OTHERS, NULL, false, NULL, NULL, equal_start, waiting_saddle},
	{"three", "", NULL, NULL, false, NULL, NULL, NULL, three_points},
	{"deaths", "but for the last two digits printed, which are off", NULL, NULL, false, NULL, NULL, NULL, deaths},
	{"deaths", "the maximum", "the tests of SQUAREM", NULL, false, NULL, NULL, NULL, deaths_limit},
	{"deaths", "from weight .9 and rates 1.8, 6: Q falls", BY_OTHERS, NULL, false, NULL, NULL, deaths_far, deaths_q},
	{"icecream", "", NULL, NULL, false, NULL, NULL, NULL, icecream},
	{"aitken", "", "worked by hand", NULL, true, NULL, NULL, NULL, forecast},
	{"evidence", "LDA, alpha 1", BY_HAND, &three_words, false, NULL, NULL, lda_one, evidence_one},
	{"evidence", "LDA, alpha 0.1", BY_HAND, &three_words, false, NULL, NULL, lda_tenth, evidence_tenth},
	{"evidence", "LDA, alpha 5", BY_HAND, &three_words, false, NULL, NULL, lda_five, evidence_five},
	{"evidence", "LDA, three topics, alpha 0.5", BY_HAND, &four_words, false, NULL, NULL, lda_three, evidence_three},
	{"paradox", "log p falls while the ELBO rises", BY_OTHERS, NULL, false, NULL, NULL, NULL, paradox},
	{NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL},
};
