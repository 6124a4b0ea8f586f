/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `audit`: results in LDA-C's files made from runs of our own, sound and spoilt; traces of an objective. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "command/command.h"
#include "fit.h"

struct rig {
	struct session *session;
	struct cmd_front front;
	struct buf said;
	struct em_err err;
	char dir[40];
};

static enum em_status do_job(void *self, const struct job *job, struct em_err *err)
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

static enum em_status run(struct rig *g, const char *line)
{
	buf_free(&g->said);
	g->err = (struct em_err){0};
	return cmd_execute(&g->front, line, &g->err);
}

static void open_rig(struct rig *g)
{
	*g = (struct rig){.session = session_new(NULL), .dir = "/tmp/elbow-test-XXXXXX"};
	assert_non_null(g->session);
	assert_non_null(mkdtemp(g->dir));
	g->front = (struct cmd_front){g, g->session, do_job, print, ui, quit, false};
	assert_int_equal(run(g, "open example bars; set evidence_budget 0; set components 3; set e_tolerance 1e-9; set e_start warm"), EM_OK);
}

static const char *const files[] = {"final.beta", "final.gamma", "final.other", "likelihood.dat"};

static void put(struct rig *g, const char *name, const char *text)
{
	char path[80];
	snprintf(path, sizeof path, "%s/%s", g->dir, name);
	assert_int_equal(file_write_whole(path, true, text, strlen(text), &g->err), EM_OK);
}

static void close_rig(struct rig *g)
{
	char path[80];
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/%s", g->dir, files[i]);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/trace.csv", g->dir);
	unlink(path);
	assert_int_equal(rmdir(g->dir), 0);
	buf_free(&g->said);
	session_free(g->session);
}

/* The run as it stands after n iterations, as LDA-C writes it; the bound of each E-step and `off` added to the last. */
static void write_result(struct rig *g, double off)
{
	const struct picture *p = session_picture(g->session);
	const struct em_snapshot *s = p->run;
	size_t k_all = s->problem->layout.components, terms = p->corpus->terms;
	struct buf b = {0};
	for (size_t k = 0; k < k_all; k++)
		for (size_t v = 0; v < terms; v++) {
			double x = fit_theta(s, "topics", k, v);
			buf_printf(&b, " %.10f%s", x > 1e-43 ? log(x) : -100, v + 1 == terms ? "\n" : "");
		}
	put(g, "final.beta", b.s);
	buf_free(&b);
	for (size_t d = 0; d < p->corpus->docs; d++)
		for (size_t k = 0; k < k_all; k++)
			buf_printf(&b, "%.10f%s", fit_q(s, "gamma", d, k), k + 1 == k_all ? "\n" : " ");
	put(g, "final.gamma", b.s);
	buf_free(&b);
	buf_printf(&b, "num_topics %zu\nnum_terms %zu\nalpha %.10f\n", k_all, terms, fit_theta(s, "alpha", 0, 0));
	put(g, "final.other", b.s);
	buf_free(&b);
	for (size_t i = 1; i <= s->position; i++)
		if (s->ledger[i].phase == EM_E)
			buf_printf(&b, "%.10f\t1e-5\n", s->ledger[i].elbo + (i + 2 > s->position ? off : 0));
	put(g, "likelihood.dat", b.s);
	buf_free(&b);
	picture_release(p);
}

static void says(struct rig *g, const char *what)
{
	if (!g->said.s || !strstr(g->said.s, what))
		fail_msg("not in: %s", g->said.s ? g->said.s : "");
}

static void test_sound_and_unsound(void **state)
{
	(void)state;
	struct rig g;
	char line[80];
	open_rig(&g);
	snprintf(line, sizeof line, "audit %s", g.dir);
	assert_int_equal(run(&g, "finish 6"), EM_OK);
	write_result(&g, 0);
	assert_int_equal(run(&g, line), EM_BREACH); /* far from done */
	says(&g, "its numbers are to be believed");
	says(&g, "the stop is NOT to be believed");
	if (fit_brief()) { /* converging takes long there */
		close_rig(&g);
		return;
	}
	assert_int_equal(run(&g, "set tolerance 0.5; continue until gain < 0.001"), EM_OK);
	write_result(&g, 0);
	if (run(&g, line))
		fail_msg("%s: %s", g.err.msg, g.said.s);
	says(&g, "the stop is to be believed");
	write_result(&g, 5);
	assert_int_equal(run(&g, line), EM_BREACH);
	says(&g, "NOT to be believed: final.beta and final.gamma give less");
	write_result(&g, -2000);
	assert_int_equal(run(&g, line), EM_BREACH);
	says(&g, "do not belong together");
	close_rig(&g);
}

static void test_spoilt_files(void **state)
{
	(void)state;
	static const struct {
		const char *file, *text, *says;
	} cases[] = {
	    {"final.beta", "-1 -2\n-1\n", "final.beta:2: 1 number; the lines before have 2"},
	    {"final.beta", "-1 x\033[2J\n", "final.beta:1: \"x"},
	    {"final.beta", "", "final.beta: there is no number in it"},
	    {"final.beta", "-1 nan\n", "final.beta:1: \"nan\" is no number"},
	    {"final.gamma", "1 2 3 4\n", "has 3 topics"},
	    {"final.other", "num_topics 3\n", "final.other: no positive alpha"},
	    {"final.other", "alpha -1\n", "final.other: no positive alpha"},
	    {"likelihood.dat", "-5 1\n-4\n", "likelihood.dat:2: 1 number"},
	};
	struct rig g;
	char line[80];
	open_rig(&g);
	snprintf(line, sizeof line, "audit %s", g.dir);
	assert_int_equal(run(&g, "finish 2"), EM_OK);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		write_result(&g, 0);
		put(&g, cases[i].file, cases[i].text);
		assert_int_equal(run(&g, line), EM_INPUT);
		if (!strstr(g.err.msg, cases[i].says))
			fail_msg("%s", g.err.msg);
		assert_null(strchr(g.err.msg, '\033'));
	}
	write_result(&g, 0);
	assert_int_equal(run(&g, "open example gazette"), EM_OK);
	assert_int_equal(run(&g, line), EM_INPUT);
	assert_non_null(strstr(g.err.msg, "what is open has 140 and 1596"));
	close_rig(&g);
}

static void test_traces(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum em_status st;
		const char *says;
	} cases[] = {
	    {"-261\n-257.46\n-256.4\n", EM_OK, "limit by Aitken −255.946935"},
	    {"step,elbo,x\n1,-10,a\n2,-5,b\n3,-4.9999999,c\n4,-4.9999999,d\n", EM_OK, "column 2"},
	    {"-3 1\n-2 1\n-1.9 1\n", EM_OK, "3 values, from −3.0000 to −1.9000 (column 1)"},
	    {"-3\n-2\n-2.5\n-1\n", EM_BREACH, "it falls 1 times"},
	    {"elbo\n-3\nfoo\n", EM_INPUT, ":3: \"foo\" is no number; column 1 is the objective"},
	    {"elbo\n-3\nNaN\n", EM_INPUT, ":3: \"NaN\" is no number"},
	    {"-3\n", EM_INPUT, "1 number: no trace"},
	    {"a,elbo\n1,-3\n2\n", EM_INPUT, ":3: nothing in column 2"},
	};
	struct rig g;
	char line[80];
	open_rig(&g);
	snprintf(line, sizeof line, "audit %s/trace.csv", g.dir);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		put(&g, "trace.csv", cases[i].text);
		if (run(&g, line) != cases[i].st)
			fail_msg("%zu: %s", i, g.err.msg);
		const char *text = cases[i].st == EM_INPUT ? g.err.msg : g.said.s;
		if (!strstr(text, cases[i].says))
			fail_msg("%zu: %s", i, text);
	}
	assert_int_equal(run(&g, "audit /tmp/no/such/place"), EM_INPUT);
	close_rig(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sound_and_unsound), cmocka_unit_test(test_spoilt_files), cmocka_unit_test(test_traces)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
