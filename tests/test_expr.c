/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Expressions: how they bind, what every name means in a snapshot, messages, random texts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/command.h"
#include "command/expr.h"
#include "elbow/match.h"
#include "fit.h"

static struct session *session;
static const struct picture *pic;
static const struct em_snapshot *s;

static void look(void)
{
	picture_release(pic);
	pic = session_picture(session);
	s = pic->run;
}

static void perform(struct job job)
{
	struct em_err err;
	if (session_perform(session, &job, NULL, &err))
		fail_msg("%s", err.msg);
	look();
}

/* The gazette, in the middle of an E phase after three iterations. */
static int begin(void **state)
{
	(void)state;
	session = session_new(NULL);
	assert_non_null(session);
	perform((struct job){.kind = JOB_OPEN});
	perform((struct job){.kind = JOB_STEP, .size = EM_ITERATION, .count = 3});
	return 0;
}

static int end(void **state)
{
	(void)state;
	picture_release(pic);
	pic = NULL;
	session_free(session);
	return 0;
}

static enum em_status try_number(const char *text, double *out, struct em_err *err)
{
	struct expr *e = NULL;
	enum em_status st = expr_parse(text, &e, err);
	assert_true((st == EM_OK) == (e != NULL));
	if (!st)
		st = expr_number(e, s, out, err);
	expr_free(e);
	return st;
}

static double number(const char *text)
{
	struct em_err err;
	double x = NAN;
	if (try_number(text, &x, &err))
		fail_msg("%s: %s", text, err.msg);
	return x;
}

static void is(const char *text, double x)
{
	double got = number(text);
	if (!(got == x || (isnan(got) && isnan(x))))
		fail_msg("%s is %.17g, not %.17g", text, got, x);
}

static void near(const char *text, double x)
{
	double got = number(text);
	if (!(fabs(got - x) <= 1e-12 * (1 + fabs(x))))
		fail_msg("%s is %.17g, not %.17g", text, got, x);
}

static void wrong(const char *text, const char *says)
{
	struct em_err err = {0};
	double x;
	if (!try_number(text, &x, &err))
		fail_msg("%s is taken, for %g", text, x);
	assert_string_equal(err.msg, says);
}

static void test_binding(void **state)
{
	(void)state;
	is("1 + 2 * 3", 7);
	is("(1 + 2) * 3", 9);
	is("7 - 2 - 1", 4);
	is("24 / 4 / 2", 3);
	is("2 ^ 3 ^ 2", 512);
	is("-2 ^ 2", -4);
	is("2 ^ -1", 0.5);
	is("2 * -3", -6);
	is("- - 3", 3);
	is("1.5e2 + .5", 150.5);
	is("1 + 1 = 2", 1);
	is("1 = 2 or 3 > 2", 1);
	is("1 = 1 or 1 = 1 and 1 = 2", 1); /* and is stronger */
	is("(1 = 1 or 1 = 1) and 1 = 2", 0);
	is("not 1 = 2 and 1 = 1", 1);      /* not is stronger still, and weaker than = */
	is("not (1 = 2 or 1 = 1)", 0);
	is("3 <= 3 and 3 >= 3 and not 3 < 3 and not 3 > 3 and 3 == 3 and not 3 != 3", 1);
	is("2 \xe2\x89\xa4 3 and 2 \xe2\x89\xa0 3", 1);
	is("3\xe2\x88\x92" "1", 2);
	is("abs(-3) + sqrt(16) + log(exp(2))", 9);
}

/* What is not known is neither true nor false, unless the rest decides. */
static void test_unknown(void **state)
{
	(void)state;
	perform((struct job){.kind = JOB_GOTO, .count = 0});
	is("delta", NAN);
	is("delta < 1", NAN);
	is("not delta < 1", NAN);
	is("delta < 1 or 1 = 1", 1);
	is("1 = 1 or delta < 1", 1);
	is("delta < 1 and 1 = 2", 0);
	is("delta < 1 and 1 = 1", NAN);
	is("elbo falls", 0);
	is("kl changes", 0);
	perform((struct job){.kind = JOB_GOTO, .count = 6});
}

static void test_quantities(void **state)
{
	(void)state;
	const struct em_entry *e = s->ledger + s->position;
	char text[80];
	assert_int_equal(s->position, 6);
	is("elbo", e->elbo);
	is("kl", e->kl);
	is("log_p", e->log_evidence);
	is("energy", e->energy);
	is("entropy", e->entropy);
	is("gain", e->gain);
	is("delta", s->ledger[6].elbo - s->ledger[4].elbo);
	is("iteration", 3);
	is("step", 6);
	is("moved", e->moved);
	is("capped", (double)s->verdict.capped);
	is("to_come", s->verdict.to_come);
	is("rate", s->verdict.rate);
	is("sweeps", 0);
	near("perplexity", exp(-e->elbo / (double)pic->corpus->tokens));
	for (size_t i = 0; i < s->problem->layout.terms; i++)
		is(s->problem->model->terms[i].name, e->terms[i]);
	for (size_t n = 0; n < s->problem->layout.observations; n += 17) {
		snprintf(text, sizeof text, "kl[%zu]", n + 1);
		is(text, s->obs[n].kl);
		snprintf(text, sizeof text, "elbo[%zu]", n + 1);
		is(text, s->obs[n].elbo);
		snprintf(text, sizeof text, "log_p[%zu]", n + 1);
		is(text, s->obs[n].log_evidence);
		snprintf(text, sizeof text, "sweeps[%zu]", n + 1);
		is(text, s->obs[n].sweeps);
	}
	for (size_t k = 0; k < s->problem->layout.components; k++) {
		double share[64];
		s->problem->model->shares(s->problem, s->q + 11 * s->problem->layout.q_stride, 11, share);
		snprintf(text, sizeof text, "share[12][%zu]", k + 1);
		is(text, share[k]);
		snprintf(text, sizeof text, "size[%zu]", k + 1);
		is(text, s->mass[k]);
	}
	near("sum(elbo[*])", e->elbo);
	near("sum(kl[*])", e->kl);
	near("sum(share[12])", 1);
}

static void test_arrays(void **state)
{
	(void)state;
	size_t term = 0;
	while (strcmp(pic->corpus->vocabulary[term], "harbour") != 0)
		term++;
	double beta = fit_theta(s, "topics", 2, term);
	char text[120];
	is("topics[3][harbour]", beta);
	is("topics[3][ \"harbour\" ]", beta);
	is("topics[1 + 2]['harbour']", beta);
	snprintf(text, sizeof text, "topics[3][%zu]", term + 1);
	is(text, beta);
	snprintf(text, sizeof text, "gamma[\"%s\"][2]", pic->corpus->name[20]);
	is(text, fit_q(s, "gamma", 20, 1));
	is("alpha[2]", fit_theta(s, "alpha", 1, 0));
	near("sum(topics[3][*])", 1);
	near("sum(topics)", (double)s->problem->layout.components);
	near("sum(alpha[1..2])", fit_theta(s, "alpha", 0, 0) + fit_theta(s, "alpha", 1, 0));
	near("mean(gamma[5])", (fit_q(s, "gamma", 4, 0) + fit_q(s, "gamma", 4, 1) + fit_q(s, "gamma", 4, 2) + fit_q(s, "gamma", 4, 3)) / 4);
	near("norm(gamma[5]) ^ 2", number("sum(gamma[5] * gamma[5])"));
	is("max(topics[3][*]) = topics[3][argmax(topics[3][*])]", 1);
	is("min(topics[3][*]) <= topics[3][harbour]", 1);
	near("count(topics[3][*] >= 0)", (double)pic->corpus->terms);
	is("count(kl[*] > 1e9)", 0);
	is("distance(topics[1][*], topics[1][*])", 0);
	near("distance(gamma[1], gamma[2])", sqrt(number("sum((gamma[1] - gamma[2]) ^ 2)")));
	near("hellinger(topics[1][*], topics[2][*])", em_component_distance(s->problem, s->theta, 0, s->problem, s->theta, 1));
	is("elbo rises", 1);
	is("elbo falls", 0);
	is("topics changes", 1);
	is("gamma changes", 0); /* an M-step leaves q */
	is("topics[3][harbour] rises or topics[3][harbour] falls", 1);
}

static void test_messages(void **state)
{
	(void)state;
	wrong("kll", "no \"kll\" in this run; did you mean kl?");
	wrong("1 + topcs[3][1]", "column 5 of \"1 + topcs[3][1]\": no \"topcs\" in this run; did you mean topics?");
	wrong("topics[3][harbor]", "column 11 of \"topics[3][harbor]\": no term \"harbor\"; did you mean harbour?");
	wrong("topics[5][harbour]", "column 8 of \"topics[5][harbour]\": row of topics: a number from 1 to 4, not 5");
	wrong("alpha[0]", "column 7 of \"alpha[0]\": row of alpha: a number from 1 to 4, not 0");
	wrong("alpha[1.5]", "column 7 of \"alpha[1.5]\": row of alpha: a number from 1 to 4, not 1.5");
	wrong("alpha[x]", "column 7 of \"alpha[x]\": index 1 of alpha is a number from 1 to 4, not \"x\"");
	wrong("alpha[3..1]", "column 7 of \"alpha[3..1]\": this range ends before it begins");
	wrong("alpha[1][2]", "alpha takes 1 index");
	wrong("delta[1]", "delta is one number without indices");
	wrong("kl[2", "column 5 of \"kl[2\": a ] belongs here");
	wrong("(1", "column 3 of \"(1\": a ) belongs here");
	wrong("1 +", "column 4 of \"1 +\": a name or a number is missing at the end");
	wrong("", "column 1 of \"\": a name or a number is missing at the end");
	wrong("1 2", "column 3 of \"1 2\": an operator or the end belongs here");
	wrong("1..2", "column 2 of \"1..2\": a range stands in brackets only");
	wrong("1 < 2 < 3", "column 7 of \"1 < 2 < 3\": one comparison at a time: a < b and b < c");
	wrong("and 1", "column 1 of \"and 1\": a name or a number belongs before this");
	wrong("3x", "column 2 of \"3x\": a letter right behind a number; a word that begins with a digit goes in quotes");
	wrong("topics[3][\"a]", "column 11 of \"topics[3][\"a]\": this quote is not closed");
	wrong("summ(1)", "column 1 of \"summ(1)\": no function summ; did you mean sum?");
	wrong("distance(1)", "column 1 of \"distance(1)\": distance takes two arguments");
	wrong("topics[3]", "1596 numbers where one belongs; take one of them, or sum, max, count, ... of them");
	wrong("gamma[1] + alpha[1..2]", "column 10 of \"gamma[1] + alpha[1..2]\": 4 numbers against 2; one number, or as many on both sides");
	wrong("topics[*] falls", "column 11 of \"topics[*] falls\": 6384 numbers fall or rise each on its own; take one, or sum, max, ... of them");
}

static void test_parts(void **state)
{
	(void)state;
	struct expr *e;
	struct buf b = {0};
	assert_int_equal(expr_parse("step > 3 and kl[12] > iteration or max(alpha) < log(2) or step = 1", &e, NULL), EM_OK);
	expr_parts(e, s, &b);
	char text[200];
	snprintf(text, sizeof text, "step = 6, kl[12] = %.6g, iteration = 3, max(alpha) = 0.1", s->obs[11].kl);
	assert_string_equal(b.s, text);
	assert_true(expr_is_condition(e) && !expr_momentary(e));
	expr_free(e);
	buf_free(&b);
	assert_int_equal(expr_parse("elbo falls", &e, NULL), EM_OK);
	assert_true(expr_is_condition(e) && expr_momentary(e));
	expr_free(e);
	assert_int_equal(expr_parse("topics[2][harbour]", &e, NULL), EM_OK);
	struct expr_place at;
	assert_int_equal(expr_name(e, s, &at, NULL), EM_OK);
	expr_place_text(&at, s, &b);
	assert_string_equal(b.s, "topics[2][harbour]");
	buf_free(&b);
	expr_free(e);
}

/* Nesting ends in a message and not in the stack; random texts in a number or a message. */
static void test_random_texts(void **state)
{
	(void)state;
	static const char *const words[] = {"kl", "elbo", "topics", "gamma", "alpha", "[", "]", "(", ")", "1", "2", "0", "1e9", ".", "..", "*", "+", "-", "/", "^", "<", "<=",
	                                    "=", "!=", "and", "or", "not", "falls", "rises", "changes", "sum", "max(", "argmax(", "log(", "count(", "distance(", ",", "\"", "'",
	                                    "harbour", "size", "share", " ", "\xff", "\xe2\x88\x92", "delta", "[3]", "[*]", "[1..2]", "[harbour]", "1 ", "(kl)"};
	uint64_t seed = 5;
	size_t taken = 0;
	char deep[1000];
	for (const char *c = "(-["; *c; c++) {
		memset(deep, *c, sizeof deep - 1);
		deep[sizeof deep - 1] = '\0';
		double x;
		struct em_err err;
		assert_int_equal(try_number(deep, &x, &err), EM_USAGE);
	}
	for (int i = 0; i < (fit_brief() ? 300 : 20000); i++) {
		char text[400] = "";
		for (size_t n = 1 + small_next(&seed) % 9; n > 0; n--)
			strcat(text, words[small_next(&seed) % (sizeof words / sizeof words[0])]);
		struct expr *e = NULL;
		struct em_err err;
		struct expr_value v = {0};
		if (expr_parse(text, &e, &err)) {
			assert_null(e);
			assert_true(err.msg[0] && err.code == EM_USAGE);
			continue;
		}
		taken++;
		if (!expr_eval(e, s, &v, &err))
			assert_true(v.count > 0 && (v.count == 1) == (v.many == NULL));
		struct buf b = {0};
		expr_parts(e, s, &b);
		buf_free(&b);
		expr_value_free(&v);
		expr_free(e);
	}
	assert_true(taken > 10);
}

/* Names of other models' data: columns, and sizes of one. */
static void test_other_models(void **state)
{
	(void)state;
	struct job example = {.kind = JOB_EXAMPLE, .name = "faithful"};
	perform(example);
	is("means[1][waiting]", fit_theta(s, "means", 0, 1));
	wrong("means[1][wating]", "column 10 of \"means[1][wating]\": no column \"wating\"; did you mean waiting?");
	is("perplexity", NAN);
	snprintf(example.name, sizeof example.name, "linkage");
	perform(example);
	is("pi", fit_theta(s, "pi", 0, 0));
	snprintf(example.name, sizeof example.name, "vowels");
	perform(example);
	is("emissions[2][e] = emissions[2][\"e\"]", 1);
	wrong("transitions[1][e]", "column 16 of \"transitions[1][e]\": index 2 of transitions is a number from 1 to 2, not \"e\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_binding),   cmocka_unit_test(test_unknown),      cmocka_unit_test(test_quantities),
	    cmocka_unit_test(test_arrays),    cmocka_unit_test(test_messages),     cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_random_texts), cmocka_unit_test(test_other_models),
	};
	return cmocka_run_group_tests_name("expr", tests, begin, end);
}
