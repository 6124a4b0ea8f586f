/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The language: every row of the tables, the parser, completion; and what the commands do to a session. */
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
#include "command/command.h"
#include "command/man.h"
#include "view/ui.h"

/* A front that performs jobs, and writes down what it is told. */
struct notes {
	struct session *session;
	struct buf said;
	struct job last;
	int jobs, quits;
	bool hold; /* do not perform */
};

static enum em_status note_job(void *self, const struct job *job, struct em_err *err)
{
	struct notes *n = self;
	n->last = *job;
	n->jobs++;
	return n->hold ? EM_OK : session_perform(n->session, job, NULL, err);
}

static void note_text(void *self, const char *text)
{
	buf_printf(&((struct notes *)self)->said, "%s\n", text);
}

static enum em_status note_ui(void *self, int argc, char *const argv[], struct em_err *err)
{
	(void)err;
	struct notes *n = self;
	for (int i = 0; i < argc; i++)
		buf_printf(&n->said, "%s%s", i ? "|" : "ui ", argv[i]);
	buf_putc(&n->said, '\n');
	return EM_OK;
}

static void note_quit(void *self)
{
	((struct notes *)self)->quits++;
}

struct rig {
	struct notes n;
	struct cmd_front front;
	struct em_err err;
};

static void open_rig(struct rig *g, bool data)
{
	*g = (struct rig){0};
	g->n.session = session_new(&ui_settings);
	assert_non_null(g->n.session);
	g->front = (struct cmd_front){&g->n, g->n.session, note_job, note_text, note_ui, note_quit, false};
	if (data) {
		struct job open = {.kind = JOB_OPEN};
		assert_int_equal(session_perform(g->n.session, &open, NULL, &g->err), EM_OK);
	}
}

static void close_rig(struct rig *g)
{
	buf_free(&g->n.said);
	session_free(g->n.session);
}

static void good(struct rig *g, const char *line)
{
	if (cmd_execute(&g->front, line, &g->err))
		fail_msg("%s: %s", line, g->err.msg);
}

static void bad(struct rig *g, const char *line, const char *says)
{
	assert_int_not_equal(cmd_execute(&g->front, line, &g->err), EM_OK);
	assert_string_equal(g->err.msg, says);
}

static void said(struct rig *g, const char *what)
{
	assert_string_equal(g->n.said.s ? g->n.said.s : "", what);
	buf_free(&g->n.said);
}

static void test_tables_agree(void **state)
{
	(void)state;
	struct em_err err;
	for (size_t i = 0; cmd_at(i); i++) {
		const struct cmd *c = cmd_at(i), *again = NULL;
		assert_int_equal(cmd_find(c->name, &again, &err), EM_OK);
		assert_ptr_equal(again, c); /* names are unique */
		assert_non_null(c->run);
		assert_true(c->summary[0] && c->help[0] && c->example[0]);
		assert_true(c->help[strlen(c->help) - 1] == '.' && c->summary[strlen(c->summary) - 1] != '.');
		assert_true(c->max_args < 0 || c->min_args <= c->max_args);
	}
	for (size_t i = 0; cmd_key_at(i); i++) {
		const struct cmd_key *k = cmd_key_at(i);
		assert_true(!k->context[0] || ui_view_named(k->context));
		assert_ptr_equal(cmd_key_find(k->context, k->key), k); /* no key twice in a context */
		if (strcmp(k->line, ":") == 0 || strcmp(k->line, "/") == 0)
			continue;
		char name[32];
		const struct cmd *c;
		snprintf(name, sizeof name, "%.*s", (int)strcspn(k->line, " "), k->line);
		assert_int_equal(cmd_find(name, &c, &err), EM_OK);
		assert_string_equal(c->name, name); /* in full, so that a new command never changes a key */
	}
	for (size_t i = 0; ui_view_at(i); i++) {
		char key[2] = {ui_view_at(i)->key, 0};
		assert_non_null(cmd_key_find("", key));
	}
	assert_null(cmd_key_find("", "no such key"));
	assert_string_equal(cmd_key_find("documents", "Enter")->context, "documents");
	assert_string_equal(cmd_key_find("bound", "Enter")->context, "");
}

/* Every example runs, in the order of the table, on the built-in corpus. */
static void test_every_example_runs(void **state)
{
	(void)state;
	char dir[] = "/tmp/elbow-test-XXXXXX", old[1024];
	assert_non_null(mkdtemp(dir));
	assert_non_null(getcwd(old, sizeof old));
	assert_int_equal(chdir(dir), 0);
	struct rig g;
	open_rig(&g, true);
	good(&g, "set evidence_budget 0; export state state.json; finish");
	for (size_t i = 0; cmd_at(i); i++) {
		const struct cmd *c = cmd_at(i);
		if (getenv("ELBOW_VALGRIND") && (strcmp(c->name, "evidence") == 0 || strcmp(c->name, "selftest") == 0 || strcmp(c->name, "restarts") == 0 ||
		                                 strcmp(c->name, "race") == 0 || strcmp(c->name, "continue") == 0))
			continue; /* long there, and nothing new */
		/* These want files of the reader's own. */
		if (strcmp(c->name, "open") == 0 || strcmp(c->name, "source") == 0)
			continue;
		good(&g, c->example);
		if (strstr(c->example, "open example")) /* the next ones want the corpus */
			good(&g, "open example gazette; set evidence_budget 0");
		if (strcmp(c->name, "init") == 0)
			good(&g, "finish 2");
	}
	assert_int_equal(g.n.quits, 1);
	close_rig(&g);
	unlink("state.json");
	unlink("trace.csv");
	unlink("monday.elbow");
	unlink("today.elbow");
	assert_int_equal(chdir(old), 0);
	assert_int_equal(rmdir(dir), 0); /* nothing else was left */
}

static void test_parsing(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, false);
	g.n.hold = true;
	good(&g, "");
	good(&g, "   # only a comment");
	assert_int_equal(g.n.jobs, 0);
	good(&g, "find \"two words\" 'it''s' a\\ b;view  bound # and a comment");
	said(&g, "ui find|two words|its|a b\nui view|bound\n");
	good(&g, "screenshot! x.svg; screenshot x.svg !");
	said(&g, "ui screenshot|x.svg|!\nui screenshot|x.svg|!\n");
	good(&g, "fini 3");
	assert_true(g.n.last.kind == JOB_STEP && g.n.last.size == EM_ITERATION && g.n.last.count == 3);
	good(&g, "m; e 2");
	assert_true(g.n.last.kind == JOB_PHASE && !g.n.last.m && g.n.last.count == 2);
	good(&g, "continue until gain < 0.5");
	assert_true(g.n.last.until.kind == UNTIL_GAIN && g.n.last.until.value == 0.5);
	good(&g, "continue until elbo > -29000");
	assert_true(g.n.last.until.kind == UNTIL_ELBO && g.n.last.until.value == -29000);
	good(&g, "continue converged");
	assert_true(g.n.last.until.kind == UNTIL_CONVERGED);
	good(&g, "set alpha=0.5");
	assert_string_equal(g.n.last.name, "alpha");
	assert_string_equal(g.n.last.text, "0.5");
	bad(&g, "find \"open", "a quote \" is not closed");
	bad(&g, "se", "\"se\" could be set, select, selftest; type more of it");
	good(&g, "s; w 2"); /* keys of steps are their short names */
	assert_true(g.n.last.kind == JOB_STEP && g.n.last.size == EM_SWEEP && g.n.last.count == 2);
	bad(&g, "finsh", "no command \"finsh\"; did you mean finish?");
	bad(&g, "xyzzy", "no command \"xyzzy\"; help lists them");
	bad(&g, "goto", "goto takes STEP|LABEL; for example: goto 0");
	bad(&g, "goto -1", "goto: \"-1\" is not a whole number; for example: goto 0");
	bad(&g, "step 1 2", "step takes [N]; for example: step 5");
	bad(&g, "continue until never",
	    "continue until what? \"never\" is no condition; converged, iteration N, gain < NATS, or a comparison as for break: delta < 1e-3, "
	    "kl[12] > 2 and not elbo falls");
	bad(&g, "continue until gain <", "column 7 of \"gain <\": a name or a number is missing at the end");
	bad(&g, "export nonsense x", "nothing is open; open data first");
	close_rig(&g);
}

static void test_scripts(void **state)
{
	(void)state;
	char path[] = "/tmp/elbow-test-XXXXXX";
	int fd = mkstemp(path);
	static const char text[] = "# a script\nview terms\n\nview topics; find sea\nstap\nview bound\n";
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	struct rig g;
	char want[200];
	open_rig(&g, false);
	assert_int_equal(cmd_script(&g.front, path, &g.err), EM_USAGE);
	snprintf(want, sizeof want, "%s:5: no command \"stap\"; did you mean step?", path);
	assert_string_equal(g.err.msg, want);
	said(&g, "ui view|terms\nui view|topics\nui find|sea\n");
	unlink(path);
	assert_int_equal(cmd_script(&g.front, path, &g.err), EM_INPUT);
	close_rig(&g);
}

static void complete(const struct em_settings *s, const char *line, const char *want)
{
	struct cmd_completions c;
	struct buf b = {0};
	assert_int_equal(cmd_complete(s, line, strlen(line), &c), EM_OK);
	for (size_t i = 0; i < c.count; i++)
		buf_printf(&b, "%s%s", i ? " " : "", c.word[i]);
	assert_string_equal(b.s ? b.s : "", want);
	buf_free(&b);
	cmd_completions_free(&c);
}

static void test_completion(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, false);
	const struct picture *p = session_picture(g.n.session);
	complete(p->settings, "fi", "finish find find-next find-previous");
	complete(p->settings, "step 3; con", "continue");
	complete(p->settings, "export t", "trace topics");
	complete(p->settings, "export! s", "state script");
	complete(p->settings, "set alpha", "alpha alpha_update");
	complete(p->settings, "set alpha_update ", "fixed symmetric vector");
	complete(p->settings, "set e_start w", "warm");
	complete(p->settings, "continue until k", "kl");
	complete(p->settings, "print el", "elbo");
	complete(p->settings, "break max(topics[2][*]) > 1 and sum(al", "alpha");
	complete(p->settings, "print me", "mean( means mean");
	complete(p->settings, "continue until sum(ar", "argmax(");
	complete(p->settings, "watch hell", "hellinger(");
	complete(p->settings, "catch d", "duplicate");
	complete(p->settings, "info b", "breaks");
	complete(p->settings, "view re", "reader");
	complete(p->settings, "open /dev/nul", "/dev/null");
	complete(p->settings, "nonsense ", "");
	struct cmd_completions c;
	assert_int_equal(cmd_complete(p->settings, "set alp rest", 7, &c), EM_OK);
	assert_int_equal(c.from, 4);
	assert_int_equal(c.count, 2);
	cmd_completions_free(&c);
	assert_int_equal(cmd_complete(p->settings, "print sum(gam", 13, &c), EM_OK);
	assert_true(c.from == 10 && c.count == 1);
	cmd_completions_free(&c);
	picture_release(p);
	close_rig(&g);
}

static size_t position(struct rig *g)
{
	const struct picture *p = session_picture(g->n.session);
	size_t at = p->run ? p->run->position : SIZE_MAX;
	picture_release(p);
	return at;
}

static void test_session_moves(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, false);
	bad(&g, "step", "nothing is open; open data first");
	good(&g, "set evidence_budget 0; open");
	good(&g, "finish 3; back 2; next");
	assert_int_equal(position(&g), 5);
	good(&g, "goto 6");
	assert_int_equal(position(&g), 6);
	bad(&g, "goto 7", "no step 7; the ledger has steps 0 to 6");
	good(&g, "back 100");
	assert_int_equal(position(&g), 0);
	bad(&g, "back", "this is the start; there is nothing before step 0");
	good(&g, "continue until iteration 4");
	assert_int_equal(position(&g), 8);
	good(&g, "set max_iterations 2; continue");
	assert_int_equal(position(&g), 12);
	good(&g, "set max_iterations 1000; continue until gain < 5");
	size_t some = position(&g);
	assert_true(some > 12);
	if (getenv("ELBOW_VALGRIND")) { /* the rest would only be more of the same */
		close_rig(&g);
		return;
	}
	good(&g, "continue");
	assert_true(position(&g) > some);
	const struct picture *p = session_picture(g.n.session);
	assert_int_equal(p->run->verdict.kind, EM_CONVERGED);
	picture_release(p);
	close_rig(&g);
}

static void test_settings_have_effects(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, false);
	good(&g, "set evidence_budget 0; open; finish 2");
	good(&g, "set alpha_update symmetric"); /* the run goes on */
	assert_int_equal(position(&g), 4);
	said(&g, "");
	good(&g, "set components 3"); /* it starts again */
	said(&g, "the run starts again from entry 0\n");
	assert_int_equal(position(&g), 0);
	const struct picture *p = session_picture(g.n.session), *q;
	assert_int_equal(p->run->problem->layout.components, 3);
	size_t terms = p->corpus->terms;
	good(&g, "finish; set min_df 3"); /* the data are read again; the old picture still stands */
	q = session_picture(g.n.session);
	assert_true(q->corpus->terms < terms);
	assert_int_equal(p->corpus->terms, terms);
	assert_int_equal(q->run->position, 0);
	picture_release(p);
	picture_release(q);
	bad(&g, "set alpha none", "alpha: \"none\" is not a number; give one from 1e-06 to 10000");
	bad(&g, "set components 0", "components: \"0\" is out of range; give one from 1 to 10000");
	bad(&g, "set alhpa 1", "no setting named \"alhpa\"; did you mean alpha? (show settings lists them)");
	/* What cannot be done leaves everything as it was. */
	good(&g, "finish");
	assert_int_not_equal(cmd_execute(&g.front, "open /nowhere/at/all.csv", &g.err), EM_OK);
	assert_int_not_equal(cmd_execute(&g.front, "set min_df 1000", &g.err), EM_OK);
	assert_int_not_equal(cmd_execute(&g.front, "init /nowhere.json", &g.err), EM_OK);
	assert_int_equal(position(&g), 2);
	good(&g, "next");
	buf_free(&g.n.said);
	good(&g, "set min_df");
	assert_non_null(strstr(g.n.said.s, "min_df           3"));
	close_rig(&g);
}

static void test_show_and_print(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, true);
	good(&g, "finish; show step; show verdict; show ledger; show topics; show topic 2; show document 140; show corpus; show settings");
	assert_non_null(strstr(g.n.said.s, "log p(X|θ) −"));
	assert_non_null(strstr(g.n.said.s, "document 140: "));
	assert_non_null(strstr(g.n.said.s, "gazette: 140 documents"));
	assert_null(strchr(g.n.said.s, '\033'));
	buf_free(&g.n.said);
	good(&g, "print alpha");
	said(&g, "0.10000000000000001\n0.10000000000000001\n0.10000000000000001\n0.10000000000000001\n");
	good(&g, "print alpha 2");
	said(&g, "0.10000000000000001\n");
	const struct picture *p = session_picture(g.n.session);
	char want[64];
	snprintf(want, sizeof want, "%.17g\n", p->run->q[2 * p->run->problem->layout.q_stride + 3]);
	picture_release(p);
	good(&g, "print gamma 3 4");
	said(&g, want);
	bad(&g, "print gamma 141", "print: which row? a number from 1 to 140");
	bad(&g, "print nothing", "no \"nothing\" in this run; there are elbo, kl, delta, ... (help print) and alpha, topics, gamma, counts, log_shares");
	bad(&g, "show topic 5", "show: which topic? a number from 1 to 4");
	bad(&g, "show me", "show what? data, settings, step, verdict, ledger, components, component K or observation N, not \"me\"");
	good(&g, "help continue");
	assert_non_null(strstr(g.n.said.s, "keys: c"));
	good(&g, "help; help e_start");
	close_rig(&g);
}

static void test_man_page(void **state)
{
	(void)state;
	struct rig g;
	struct buf b = {0};
	open_rig(&g, false);
	const struct picture *p = session_picture(g.n.session);
	man_page(&b, p->settings);
	assert_false(b.failed);
	for (size_t i = 0; cmd_at(i); i++) { /* nothing is missing from it */
		char want[80];
		size_t at = (size_t)snprintf(want, sizeof want, "\\fB");
		for (const char *s = cmd_at(i)->name; *s; s++)
			at += (size_t)snprintf(want + at, sizeof want - at, *s == '-' ? "\\%c" : "%c", *s);
		assert_non_null(strstr(b.s, want));
	}
	for (size_t i = 0; em_settings_at(p->settings, i); i++)
		assert_non_null(strstr(b.s, em_settings_at(p->settings, i)->name));
	picture_release(p);
	buf_free(&b);
	close_rig(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables_agree),
		cmocka_unit_test(test_every_example_runs),
		cmocka_unit_test(test_parsing),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_completion),
		cmocka_unit_test(test_session_moves),
		cmocka_unit_test(test_settings_have_effects),
		cmocka_unit_test(test_show_and_print),
		cmocka_unit_test(test_man_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
