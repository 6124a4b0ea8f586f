/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a session stops and what it says there; changes of θ and q by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "command/command.h"
#include "elbow/store.h"
#include "fit.h"

struct rig {
	struct session *session;
	struct cmd_front front;
	struct buf said;
	const struct picture *pic;
	struct em_err err;
};

static enum em_status submit(void *self, const struct job *job, struct em_err *err)
{
	return session_perform(((struct rig *)self)->session, job, NULL, err);
}

static void print(void *self, const char *text)
{
	buf_printf(&((struct rig *)self)->said, "%s\n", text);
}

static enum em_status ui(void *self, int argc, char *const argv[], struct em_err *err)
{
	(void)self, (void)argc, (void)argv, (void)err;
	return EM_OK;
}

static void quit(void *self)
{
	(void)self;
}

static const struct em_snapshot *look(struct rig *g)
{
	picture_release(g->pic);
	g->pic = session_picture(g->session);
	return g->pic->run;
}

static void good(struct rig *g, const char *line)
{
	if (cmd_execute(&g->front, line, &g->err))
		fail_msg("%s: %s", line, g->err.msg);
	look(g);
}

/* And says just this. */
static void says(struct rig *g, const char *line, const char *what)
{
	buf_free(&g->said);
	good(g, line);
	assert_string_equal(g->said.s ? g->said.s : "", what);
}

static void bad(struct rig *g, const char *line, const char *what)
{
	assert_int_not_equal(cmd_execute(&g->front, line, &g->err), EM_OK);
	assert_string_equal(g->err.msg, what);
}

static size_t position(struct rig *g)
{
	return look(g)->position;
}

static void open_rig(struct rig *g, const char *example)
{
	*g = (struct rig){.session = session_new(NULL)};
	assert_non_null(g->session);
	g->front = (struct cmd_front){g, g->session, submit, print, ui, quit, false};
	char line[80];
	snprintf(line, sizeof line, "open example %s", example);
	good(g, line);
	buf_free(&g->said);
}

static void close_rig(struct rig *g)
{
	picture_release(g->pic);
	buf_free(&g->said);
	session_free(g->session);
}

/* The first entry at which a number passes a mark is found by steps of one unit without breaks; then with one. */
static void test_stops_at_the_unit(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, "coins");
	size_t first = 0;
	for (size_t i = 0; !first; i++) {
		good(&g, "step");
		if (g.pic->run->obs[2].kl < 1e-3 && g.pic->run->position > 1)
			first = g.pic->run->position;
	}
	good(&g, "goto 0");
	says(&g, "break kl[3] < 1e-3", "break 1: kl[3] < 1e-3\n");
	good(&g, "step 1000");
	assert_int_equal(position(&g), first);
	assert_non_null(strstr(g.said.s, "break 1: kl[3] < 1e-3 holds: kl[3] = "));
	assert_non_null(strstr(g.said.s, ", after e 1 (set 3)\n"));
	close_rig(&g);
}

/* By every verb that steps; each E and M is looked at. */
static void test_every_verb(void **state)
{
	(void)state;
	static const char *const verbs[] = {"step 100", "sweep 100", "next 100", "finish 100", "continue", "continue until elbo > 0", "e 100", "m 100"};
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		struct rig g;
		open_rig(&g, "coins");
		good(&g, "break iteration = 2");
		good(&g, verbs[i]);
		const struct em_entry *e = g.pic->run->ledger + g.pic->run->position;
		if (strcmp(verbs[i], "e 100") == 0) /* E-steps alone never come to another iteration */
			assert_int_equal(e->iteration, 1);
		else if (strcmp(verbs[i], "m 100") != 0)
			assert_true(e->iteration == 2 && e[-1].iteration == 1);
		close_rig(&g);
	}
}

/* It begins to hold once; it holds on; fails; holds again. */
static void test_begins_to_hold(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, "coins");
	good(&g, "break kl < 1e-9"); /* after each E, not after each M */
	says(&g, "finish 100", "break 1: kl < 1e-9 holds: kl = 0, after E 1\n");
	says(&g, "finish 100", "break 1: kl < 1e-9 holds: kl = 0, after E 2\n");
	good(&g, "delete; goto 0; break elbo > -1e9");
	buf_free(&g.said);
	good(&g, "finish 2");
	assert_int_equal(position(&g), 1);
	says(&g, "finish 3", ""); /* it holds on */
	assert_int_equal(position(&g), 6);
	good(&g, "goto 0; finish 2"); /* gone back, it begins anew */
	assert_int_equal(position(&g), 1);
	good(&g, "delete; goto 0; break elbo rises; next 4"); /* of the last entry: each time */
	assert_int_equal(position(&g), 1);
	good(&g, "next 4");
	assert_int_equal(position(&g), 2);
	close_rig(&g);
}

static void test_watch(void **state)
{
	(void)state;
	struct rig g;
	char text[300];
	open_rig(&g, "coins");
	double before = fit_theta(look(&g), "bias", 1, 0);
	snprintf(text, sizeof text, "watch 1: bias[2] is %.9g\n", before);
	says(&g, "watch bias[2]", text);
	buf_free(&g.said);
	good(&g, "continue");
	assert_int_equal(position(&g), 2); /* E 1 leaves θ */
	snprintf(text, sizeof text, "watch 1: bias[2]: %.9g became %.9g, after M 1\n", before, fit_theta(g.pic->run, "bias", 1, 0));
	assert_string_equal(g.said.s, text);
	says(&g, "delete", "1 deleted\n");
	good(&g, "watch responsibilities");
	buf_free(&g.said);
	good(&g, "next 5");
	assert_int_equal(position(&g), 3);
	assert_non_null(strstr(g.said.s, "watch 2: responsibilities changed in 10 of 10 numbers, most in responsibilities["));
	close_rig(&g);
}

static void test_list(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, "gazette");
	says(&g, "info breaks", "catch breach, catch nonfinite: always\n");
	good(&g, "break kl[12] >= 0; watch alpha; catch empty; break elbo falls");
	says(&g, "disable 2", "1 disabled\n");
	says(&g, "delete 3", "1 deleted\n");
	good(&g, "next");
	says(&g, "info breaks", "break 1: kl[12] >= 0; 1 stop\nwatch 2: alpha; 0 stops; disabled\nbreak 4: elbo falls; 0 stops\n"
	                        "catch breach, catch nonfinite: always\n");
	good(&g, "restart");
	says(&g, "open example coins", "break 1: kl[12] >= 0 is idle here: column 4 of \"kl[12] >= 0\": row of kl: a number from 1 to 5, not 12\n"
	                               "watch 2: alpha is idle here: no \"alpha\" in this run; there are elbo, kl, delta, ... (help print) and weights, bias, "
	                               "responsibilities, counts, heads, tails\n");
	says(&g, "finish 3", "");
	says(&g, "open example gazette", "break 1: kl[12] >= 0 is awake again\nwatch 2: alpha is awake again\n");
	says(&g, "enable 2", "1 enabled\n");
	bad(&g, "delete 3", "no break 3; info breaks lists them");
	bad(&g, "delete 0", "delete: no number 0; info breaks lists them");
	bad(&g, "break kl", "\"kl\" is no condition: compare it with something, as in delta < 1e-3; watch stops when it changes");
	bad(&g, "break kll > 2", "no \"kll\" in this run; did you mean kl?");
	bad(&g, "catch fire", "catch what? empty or duplicate (breach and nonfinite are always caught), not \"fire\"");
	bad(&g, "catch breach", "breach is always caught");
	says(&g, "delete", "3 deleted\n");
	close_rig(&g);
}

static void test_until(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, "coins");
	says(&g, "continue until iteration = 2 and kl < 1e-9", "iteration = 2 and kl < 1e-9 holds: iteration = 2, kl = 0, after E 2\n");
	assert_int_equal(position(&g), 3);
	says(&g, "continue until step = 3", "step = 3 holds: step = 3, after E 2\n"); /* it holds already */
	assert_int_equal(position(&g), 3);
	good(&g, "set max_iterations 4");
	buf_free(&g.said);
	good(&g, "continue until elbo > 0 or kl < 0");
	assert_int_equal(strncmp(g.said.s, "it never held; stopped after max_iterations; ", 45), 0);
	good(&g, "continue until iteration 9"); /* as ever */
	assert_int_equal(g.pic->run->ledger[g.pic->run->position].iteration, 9);
	close_rig(&g);
}

/* Not known: said once, and no stop. */
static void test_unknown(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, "gazette");
	good(&g, "set evidence_budget 0; break kl < 5");
	buf_free(&g.said);
	good(&g, "finish 2");
	assert_int_equal(position(&g), 4);
	assert_string_equal(g.said.s, "break 1: kl < 5 is not known, so it does not hold: kl = unknown, after M 1\n");
	close_rig(&g);
}

static void test_catch(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, "coins");
	good(&g, "catch duplicate; catch empty; set bias[1] 0.7; set bias[2] 0.7");
	says(&g, "next 5", "catch 1: duplicate: coins 1 and 2 are 0 apart (Hellinger), after E 1\n");
	says(&g, "next 5", "");
	good(&g, "goto 0; set bias[1] 0.01; set weights[1] 0.001");
	buf_free(&g.said);
	good(&g, "next 5");
	assert_int_equal(strncmp(g.said.s, "catch 2: empty: coin 1 has ", 27), 0);
	assert_non_null(strstr(g.said.s, " sets, after E 1\n"));
	close_rig(&g);
}

/* ---- changes by hand ---- */

static void keep(const struct em_snapshot *s, double **theta, double **q)
{
	size_t n = s->problem->layout.theta_size, m = s->problem->layout.q_stride * s->problem->layout.observations;
	*theta = malloc(n * sizeof **theta);
	*q = malloc(m * sizeof **q);
	memcpy(*theta, s->theta, n * sizeof **theta);
	memcpy(*q, s->q, m * sizeof **q);
}

static void same(const struct em_snapshot *s, double *theta, double *q)
{
	assert_memory_equal(s->theta, theta, s->problem->layout.theta_size * sizeof *theta);
	assert_memory_equal(s->q, q, s->problem->layout.q_stride * s->problem->layout.observations * sizeof *q);
	free(theta);
	free(q);
}

static double row_sum(const struct em_snapshot *s, const char *name, size_t i, size_t n)
{
	double sum = 0;
	for (size_t j = 0; j < n; j++)
		sum += fit_theta(s, name, i, j);
	return sum;
}

static void test_edit_topics(void **state)
{
	(void)state;
	struct rig g;
	double *theta, *q, *theta2, *q2;
	open_rig(&g, "gazette");
	good(&g, fit_brief() ? "set evidence_budget 0; finish 3" : "finish 3");
	keep(g.pic->run, &theta, &q);
	double elbo = g.pic->run->ledger[6].elbo, first = fit_theta(g.pic->run, "topics", 2, 0), second = fit_theta(g.pic->run, "topics", 2, 1);
	size_t terms = g.pic->corpus->terms;
	good(&g, "set topics[3][harbour] 0");
	const struct em_snapshot *s = g.pic->run;
	const struct em_entry *e = s->ledger + s->position;
	assert_true(s->position == 7 && e->phase == EM_EDIT && e->step == 7 && e->iteration == 3 && !e->decreased && !s->next_m && !s->inside);
	assert_string_equal(em_entry_name(e), "edit");
	assert_true(e->gain == e->elbo - elbo && e->gain < 0 && s->verdict.kind != EM_DECREASED && s->verdict.kind != EM_BROKEN);
	fit_near(row_sum(s, "topics", 2, terms), 1, 1e-12);
	fit_near(fit_theta(s, "topics", 2, 0) / fit_theta(s, "topics", 2, 1), first / second, 1e-12 * first / second);
	if (!fit_brief())
		fit_near(e->elbo + e->kl, e->log_evidence, 1e-6);
	good(&g, "set topics[3][harbour] = 0.25; set topics[1][2]=1e-3");
	fit_near(row_sum(g.pic->run, "topics", 2, terms), 1, 1e-12);
	assert_true(fit_theta(g.pic->run, "topics", 2, 0) > 0 && fit_theta(g.pic->run, "topics", 0, 1) == 1e-3);
	good(&g, "finish 2");
	assert_int_equal(g.pic->run->ledger[g.pic->run->position].iteration, 5);
	keep(g.pic->run, &theta2, &q2);
	good(&g, "goto 6");
	same(g.pic->run, theta, q);
	good(&g, "goto 13");
	same(g.pic->run, theta2, q2);
	close_rig(&g);
}

/* Where states are let go for memory, edits are kept. */
static void test_edit_and_memory(void **state)
{
	(void)state;
	struct rig g;
	double *theta, *q;
	open_rig(&g, "gazette");
	good(&g, "set history_memory 1; set evidence_budget 0; set e_sweeps 20; finish 6; set topics[1][1] 0.1; finish 2; set alpha[3] 0.7; finish 3");
	keep(g.pic->run, &theta, &q);
	size_t last = g.pic->run->position;
	char line[40];
	good(&g, "goto 0");
	for (size_t i = 0; i < last; i += fit_brief() ? 11 : 3) {
		snprintf(line, sizeof line, "goto %zu", i);
		good(&g, line);
	}
	snprintf(line, sizeof line, "goto %zu", last);
	good(&g, line);
	same(g.pic->run, theta, q);
	close_rig(&g);
}

static void test_edit_q_and_others(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, "gazette");
	good(&g, "set evidence_budget 0; next; set gamma[12][1] 40");
	assert_true(fit_q(g.pic->run, "gamma", 11, 0) == 40);
	const struct em_entry *e = g.pic->run->ledger + g.pic->run->position;
	assert_true(g.pic->run->next_m && e->gain < 0);
	double all = 0;
	for (size_t k = 0; k < g.pic->run->problem->layout.components; k++)
		all += g.pic->run->mass[k];
	fit_near(all, (double)g.pic->corpus->tokens, 1e-6);
	good(&g, "next"); /* an M-step from those statistics, checked as every one */
	assert_int_equal(g.pic->run->ledger[g.pic->run->position].iteration, 1);
	bad(&g, "set gamma[12][1] -1", "gamma: -1 is not positive");
	bad(&g, "set topics[1][1] 2", "topics: 2 is not from 0 to 1");
	bad(&g, "set topics[1] 0", "set changes one element at a time; topics has 2 indices");
	bad(&g, "set kl[1] 0", "kl follows from θ and q; set changes settings and elements of θ and q");
	bad(&g, "set alpha[9] 1", "column 7 of \"alpha[9]\": row of alpha: a number from 1 to 4, not 9");
	bad(&g, "set alpha[2]", "set alpha[2] to what? a number; print alpha[2] shows the one it has");
	good(&g, "step");
	bad(&g, "set alpha[2] 1", "alpha: not in the middle of a phase; end it first (next)");
	good(&g, "set evidence_budget 0.1; open example coins; finish 2; set responsibilities[2][1] 0.9");
	fit_near(fit_q(g.pic->run, "responsibilities", 1, 1), 0.1, 1e-15);
	e = g.pic->run->ledger + g.pic->run->position;
	fit_near(e->elbo + e->kl, e->log_evidence, 1e-9);
	good(&g, "finish; set weights[1] 0.25; finish 3");
	good(&g, "open example linkage; set pi 0.3");
	assert_true(fit_theta(g.pic->run, "pi", 0, 0) == 0.3);
	good(&g, "open example faithful; set covariances[1][1][2] 0.5");
	assert_true(fit_theta(g.pic->run, "means", 0, 0) > 0);
	good(&g, "finish 2");
	good(&g, "set covariance diagonal");
	assert_int_not_equal(cmd_execute(&g.front, "set covariances[1][1][2] 0.5", &g.err), EM_OK);
	good(&g, "open example vowels; finish; set transitions[1][2] 0.5; finish");
	bad(&g, "set occupancy[1][1] 1", "occupancy: this model makes q anew from θ; change θ");
	close_rig(&g);
}

static void test_edit_in_the_trace(void **state)
{
	(void)state;
	struct rig g;
	char path[] = "/tmp/elbow-trace-XXXXXX", line[80], text[4000] = "";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	open_rig(&g, "coins");
	says(&g, "finish; set bias[1] 0.9", "bias[1]: 0.713012 became 0.9; the ELBO fell by 4.07736 nats\n");
	snprintf(line, sizeof line, "export! trace %s", path);
	good(&g, line);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof text - 1, f) > 0);
	fclose(f);
	remove(path);
	assert_non_null(strstr(text, "\n3,1,edit,"));
	buf_free(&g.said);
	good(&g, "show step");
	assert_non_null(strstr(g.said.s, "A change of yours: bias[1] from 0.7130 to 0.9000. The ELBO fell by 4.077"));
	close_rig(&g);
}

static void test_explain(void **state)
{
	(void)state;
	struct rig g;
	char text[400];
	open_rig(&g, "gazette");
	good(&g, "finish 3; next");
	const struct em_entry *e = g.pic->run->ledger + g.pic->run->position;
	snprintf(text, sizeof text, "kl = log_p - elbo = %.6f - (%.6f) = %.6g nats\n", e->log_evidence, e->elbo, e->kl);
	says(&g, "explain kl", text);
	buf_free(&g.said);
	good(&g, "explain phi[12][harbour]");
	double phi[4];
	size_t pair = 0;
	const struct em_corpus *c = g.pic->corpus;
	while (strcmp(c->vocabulary[c->term[c->row[11] + pair]], "harbour") != 0)
		pair++;
	const struct em_problem *p = g.pic->run->problem;
	assert_int_equal(p->model->parts(p, em_snapshot_made(g.pic->run, 11), g.pic->run->q + 11 * p->layout.q_stride, 11, pair, 1, phi, NULL), EM_OK);
	for (int k = 0; k < 4; k++) { /* the products it prints, over their sum, are the engine's phi */
		double gamma, mean, beta, product, told, sum;
		char *line = strstr(g.said.s, "product       phi\n");
		for (int i = 0; i <= k; i++)
			line = strchr(line, '\n') + 1;
		assert_int_equal(sscanf(line, "%*d %lf %lf %lf %lf %lf", &gamma, &mean, &beta, &product, &told), 5);
		assert_int_equal(sscanf(strstr(g.said.s, "products sum to ") + 16, "%lf", &sum), 1);
		fit_near(told, phi[k], 1e-6);
		fit_near(product / sum, phi[k], 1e-5);
		fit_near(exp(mean) * beta, product, 1e-3 * product);
	}
	bad(&g, "explain phi[12][harbor]", "column 11 of \"topics[1][harbor]\": no term \"harbor\"; did you mean harbour?");
	bad(&g, "explain phi[12]", "phi of what? phi[12][harbour]: a document and a word of it");
	bad(&g, "explain topics[3]", "1596 numbers where one belongs; take one of them, or sum, max, count, ... of them");
	static const char *const all[] = {"elbo", "energy", "entropy", "log_p", "delta", "gain", "rate", "to_come", "perplexity", "step", "moved", "e_log_p_z", "h_z",
	                                  "elbo[3]", "kl[3]", "log_p[3]", "gamma[3][2]", "topics[2][harbour]", "alpha[1]", "share[2][1]", "size[1]", "counts[1][2]", "1 + kl"};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		snprintf(text, sizeof text, "explain %s", all[i]);
		buf_free(&g.said);
		good(&g, text);
		assert_true(g.said.len > 4);
	}
	good(&g, "open example coins; finish");
	buf_free(&g.said);
	good(&g, "explain responsibilities[2][1]; explain bias[1]");
	snprintf(text, sizeof text, " %.6f  %.6f\n", fit_q(g.pic->run, "responsibilities", 1, 0), fit_q(g.pic->run, "responsibilities", 1, 0));
	assert_non_null(strstr(g.said.s, text)); /* its posterior is q */
	close_rig(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stops_at_the_unit), cmocka_unit_test(test_every_verb),      cmocka_unit_test(test_begins_to_hold),
	    cmocka_unit_test(test_watch),             cmocka_unit_test(test_list),            cmocka_unit_test(test_until),
	    cmocka_unit_test(test_unknown),           cmocka_unit_test(test_catch),           cmocka_unit_test(test_edit_topics),
	    cmocka_unit_test(test_edit_and_memory),   cmocka_unit_test(test_edit_q_and_others), cmocka_unit_test(test_edit_in_the_trace),
	    cmocka_unit_test(test_explain),
	};
	return cmocka_run_group_tests_name("breaks", tests, NULL, NULL);
}
