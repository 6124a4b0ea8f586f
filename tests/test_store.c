/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is written can be read back to the bit; what is wrong in a state file is named. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "elbow/store.h"
#include "small.h"

struct rig {
	char dir[40], path[64];
	struct em_corpus *corpus;
	struct em_data data;
	struct em_settings *settings;
	struct em_run *run;
	const struct em_snapshot *snap;
	struct em_err err;
};

static void open_rig(struct rig *g)
{
	*g = (struct rig){.dir = "/tmp/elbow-test-XXXXXX", .corpus = small_random(3, 5, 6, 9)};
	assert_non_null(mkdtemp(g->dir));
	snprintf(g->path, sizeof g->path, "%s/file", g->dir);
	g->settings = small_settings("components", "3", "alpha_update", "vector", NULL);
	g->data = (struct em_data){EM_DATA_CORPUS, "small", 5, g->corpus, NULL, NULL};
	assert_int_equal(em_run_new(em_model_named("lda"), &g->data, g->settings, &em_evidence_exact, NULL, NULL, &g->run,
	                            &g->err),
	                 EM_OK);
	for (int i = 0; i < 5; i++)
		assert_int_equal(em_run_step(g->run, EM_PHASE, NULL, &g->err), EM_OK);
	assert_int_equal(em_run_snapshot(g->run, &g->snap, &g->err), EM_OK);
}

static void close_rig(struct rig *g)
{
	em_snapshot_release(g->snap);
	em_run_free(g->run);
	em_settings_release(g->settings);
	small_free(g->corpus);
	unlink(g->path);
	assert_int_equal(rmdir(g->dir), 0); /* no temporary file was left */
}

static char *slurp(const char *path)
{
	struct file_bytes f;
	struct em_err err;
	assert_int_equal(file_map(path, &f, &err), EM_OK);
	char *s = strndup(f.bytes, f.size);
	file_unmap(&f);
	return s;
}

static void test_state_round_trip(void **state)
{
	(void)state;
	struct rig g;
	struct em_state st;
	char model[16];
	size_t k = 0;
	open_rig(&g);
	assert_int_equal(em_export_state(g.snap, g.path, false, &g.err), EM_OK);
	assert_int_equal(em_state_peek(g.path, model, sizeof model, &k, &g.err), EM_OK);
	assert_string_equal(model, "lda");
	assert_int_equal(k, 3);
	assert_int_equal(em_state_read(g.path, g.snap->problem, &st, &g.err), EM_OK);
	const struct em_layout *l = &g.snap->problem->layout;
	assert_memory_equal(st.theta, g.snap->theta, l->theta_size * sizeof(double));
	assert_memory_equal(st.q, g.snap->q, l->observations * l->q_stride * sizeof(double));
	/* A run from it takes the same E-step as the run it came from (after an M-step q was made with older topics). */
	struct em_given given = {st.theta, st.q, st.made};
	struct em_run *again;
	assert_int_equal(em_run_new(g.snap->problem->model, &g.data, g.settings, NULL, &given, NULL, &again, &g.err), EM_OK);
	assert_int_equal(em_run_step(g.run, EM_PHASE, NULL, &g.err), EM_OK); /* M */
	assert_int_equal(em_run_phase(again, true, NULL, &g.err), EM_OK);
	assert_true(fabs(em_run_entry(g.run)->elbo - em_run_entry(again)->elbo) < 1e-9);
	em_run_free(again);
	em_state_free(&st);
	close_rig(&g);
}

static void test_wrong_states(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", ":1: '[' or '{' expected near end of file; a state file is what `export state` writes"},
		{"{\"elbow\":2}", ": no \"elbow\": 1; a state file is what `export state` writes"},
		{"{\"elbow\":1}", ": no \"model\"; a state file names its model"},
		{"{\"elbow\":1,\"model\":\"gmm\"}", ": a state of the model gmm; this run is of lda"},
		{"{\"elbow\":1,\"model\":\"lda\"}", ": no \"theta\"; a state file has theta and q"},
		{"{\"elbow\":1,\"model\":\"lda\",\"theta\":{}}", ": no theta.alpha"},
		{"{\"elbow\":1,\"model\":\"lda\",\"theta\":{\"alpha\":[1,2]}}",
		 ": theta.alpha has 2 elements in dimension 1; this data and these settings need 3"},
		{"{\"elbow\":1,\"model\":\"lda\",\"theta\":{\"alpha\":[1,2,\"x\"]}}",
		 ": theta.alpha has an element that is not a number"},
		{"{\"elbow\":1,\"model\":\"lda\",\"theta\":{\"alpha\":[1,2,3],\"topics\":[[1],[1],[1]]}}",
		 ": theta.topics has 1 elements in dimension 2; this data and these settings need 6"},
	};
	struct rig g;
	open_rig(&g);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct em_state st;
		char want[300];
		assert_int_equal(file_write_whole(g.path, true, cases[i].text, strlen(cases[i].text), &g.err), EM_OK);
		assert_int_equal(em_state_read(g.path, g.snap->problem, &st, &g.err), EM_INPUT);
		snprintf(want, sizeof want, "%s%s", g.path, cases[i].says);
		assert_string_equal(g.err.msg, want);
		assert_null(st.theta);
	}
	close_rig(&g);
}

/* The gamma of mean field says nothing to the exact E-step: theta is taken, q begins anew. */
static void test_q_of_another_kind(void **state)
{
	(void)state;
	struct rig g;
	struct em_state st;
	struct em_problem exact;
	open_rig(&g);
	assert_int_equal(em_export_state(g.snap, g.path, false, &g.err), EM_OK);
	struct em_settings *s = small_settings("components", "3", "alpha_update", "vector", "e_step", "exact", NULL);
	exact = (struct em_problem){em_model_under(em_model_named("lda"), s), &g.data, s, {0}};
	assert_true(exact.model->exact);
	assert_int_equal(exact.model->layout(&g.data, s, &exact.layout, &g.err), EM_OK);
	assert_int_equal(em_state_read(g.path, &exact, &st, &g.err), EM_OK);
	assert_memory_equal(st.theta, g.snap->theta, exact.layout.theta_size * sizeof(double));
	assert_null(st.q);
	em_state_free(&st);
	em_settings_release(s);
	close_rig(&g);
}

/* A q from outside that cannot be one. */
static void test_wrong_q(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g);
	const struct em_layout *l = &g.snap->problem->layout;
	size_t n = l->observations * l->q_stride;
	double *q = aligned_alloc(64, (n * sizeof *q + 63) / 64 * 64);
	static const double wrong[] = {0, -1, NAN, INFINITY};
	for (size_t i = 0; i < 4; i++) {
		struct em_given given = {g.snap->theta, q, NULL};
		struct em_run *run = NULL;
		memcpy(q, g.snap->q, n * sizeof *q);
		q[2 * l->q_stride + 1] = wrong[i];
		assert_int_equal(em_run_new(g.snap->problem->model, &g.data, g.settings, NULL, &given, NULL, &run, &g.err),
		                 EM_INPUT);
		assert_non_null(strstr(g.err.msg, "gamma[3][2]"));
	}
	free(q);
	close_rig(&g);
}

static void test_tables(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g);
	assert_int_equal(em_export_trace(g.snap, g.path, false, &g.err), EM_OK);
	char *s = slurp(g.path);
	static const char head[] = "step,iteration,phase,elbo,energy,entropy,log_evidence,log_evidence_kind,log_evidence_se,kl,"
	                           "seconds,e_log_p_theta,e_log_p_z,e_log_p_w,h_theta,h_z\n0,0,init,-";
	assert_memory_equal(s, head, sizeof head - 1);
	assert_non_null(strstr(s, "\n5,3,E,"));
	assert_non_null(strstr(s, ",exact,0,"));
	free(s);
	assert_int_equal(em_export_trace(g.snap, g.path, false, &g.err), EM_USAGE);
	assert_non_null(strstr(g.err.msg, "exists"));
	assert_int_equal(em_export_topics(g.snap, g.path, true, &g.err), EM_OK);
	s = slurp(g.path);
	assert_memory_equal(s, "topic,rank,term,probability\n1,1,term", 36);
	int lines = 0;
	for (const char *p = s; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 1 + 3 * 6);
	free(s);
	assert_int_equal(em_export_documents(g.snap, g.path, true, &g.err), EM_OK);
	s = slurp(g.path);
	static const char docs[] = "document,name,tokens,elbo,log_evidence,log_evidence_kind,log_evidence_se,kl,"
	                           "theta_1,theta_2,theta_3\n1,document 1,";
	assert_memory_equal(s, docs, sizeof docs - 1);
	/* The columns add up: elbo + kl = log_evidence, and the shares to 1. */
	char *row = strchr(s, '\n') + 1;
	unsigned tokens;
	double elbo, log_p, kl, a, b, c;
	assert_int_equal(sscanf(row, "1,document 1,%u,%lf,%lf,exact,0,%lf,%lf,%lf,%lf", &tokens, &elbo, &log_p, &kl, &a, &b, &c), 7);
	assert_true(fabs(elbo + kl - log_p) < 1e-12 && fabs(a + b + c - 1) < 1e-12);
	free(s);
	close_rig(&g);
}

static void test_nowhere_to_write(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g);
	assert_int_equal(em_export_trace(g.snap, "/nowhere/at/all.csv", false, &g.err), EM_IO);
	if (access("/dev/full", W_OK) == 0) {
		assert_int_equal(em_export_state(g.snap, "/dev/full", true, &g.err), EM_IO);
		assert_non_null(strstr(g.err.msg, "/dev/full"));
	}
	close_rig(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state_round_trip),
		cmocka_unit_test(test_wrong_states),
		cmocka_unit_test(test_q_of_another_kind),
		cmocka_unit_test(test_wrong_q),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_nowhere_to_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
