/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * log p that is asked for: of which documents, how, what stays of it, whether it fell; and how it is refined while nothing else is to do. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "command/command.h"
#include "elbow/estimate.h"
#include "elbow/evidence.h"
#include "small.h"
#include "view/ui.h"

enum { DOCS = 12 };

static bool brief(void) /* under valgrind */
{
	return getenv("ELBOW_VALGRIND") != NULL;
}

struct rig {
	struct em_corpus *corpus;
	struct em_data data;
	struct em_settings *settings;
	struct em_run *run;
	struct em_err err;
};

static void must(struct rig *g, enum em_status st)
{
	if (st)
		fail_msg("%s", g->err.msg);
}

/* At step n, under that budget. */
static void open_rig(struct rig *g, const char *budget, const char *threads, int steps)
{
	*g = (struct rig){.corpus = small_random(5, DOCS, 9, 20)};
	g->settings = small_settings("components", "3", "threads", threads, "evidence_budget", budget, NULL);
	g->data = (struct em_data){EM_DATA_CORPUS, "small", g->corpus->docs, g->corpus, NULL, NULL};
	must(g, em_run_new(em_model_named("lda"), &g->data, g->settings, &em_evidence_exact, NULL, NULL, &g->run, &g->err));
	for (int i = 0; i < steps; i++)
		must(g, em_run_step(g->run, EM_PHASE, NULL, &g->err));
}

static void close_rig(struct rig *g)
{
	em_run_free(g->run);
	em_settings_release(g->settings);
	small_free(g->corpus);
}

static const struct em_snapshot *look(struct rig *g)
{
	const struct em_snapshot *s = NULL;
	must(g, em_run_snapshot(g->run, &s, &g->err));
	return s;
}

static void ask(struct rig *g, const struct em_evidence_ask *a)
{
	must(g, em_run_evidence(g->run, a, NULL, &g->err));
}

/* ---- which documents, and how ---- */

static void test_of_some_documents(void **state)
{
	(void)state;
	struct rig g, all;
	open_rig(&g, "0", "1", 2);
	open_rig(&all, "0", "1", 2);
	ask(&g, &(struct em_evidence_ask){.samples = 400, .ranges = 2, .range = {{1, 3}, {7, 8}}});
	ask(&g, &(struct em_evidence_ask){.exact = true, .ranges = 1, .range = {{2, 4}}});
	ask(&all, &(struct em_evidence_ask){.samples = 400});
	const struct em_snapshot *s = look(&g), *t = look(&all);
	for (size_t n = 0; n < DOCS; n++) {
		bool exact = n == 2 || n == 3, guessed = n == 1 || n == 2 || n == 7;
		assert_int_equal(!isnan(s->obs[n].log_evidence), exact);
		assert_int_equal(!exact && !isnan(s->obs[n].guess.log_p), !exact && guessed);
		if (guessed && !exact) /* alone or with others, it is the same */
			assert_memory_equal(&s->obs[n].guess.log_p, &t->obs[n].guess.log_p, sizeof(double));
	}
	assert_int_equal(s->ledger[s->position].evidence, EM_EVIDENCE_NONE); /* not all are known */
	assert_true(isnan(s->ledger[s->position].log_evidence));
	em_snapshot_release(s);
	ask(&g, &(struct em_evidence_ask){.samples = 400});
	s = look(&g);
	const struct em_entry *e = s->ledger + s->position, *before = e - 1;
	assert_int_equal(e->evidence, EM_EVIDENCE_ESTIMATE);
	assert_true(e->estimated == DOCS - 2 && e->doubtful <= e->estimated);
	assert_true(e->log_evidence_se > 0 && e->log_evidence_se < t->ledger[t->position].log_evidence_se);
	assert_int_equal(before->evidence, EM_EVIDENCE_NONE); /* that was another theta */
	em_snapshot_release(s);
	em_snapshot_release(t);
	close_rig(&g);
	close_rig(&all);
}

/* Whatever the budget says, exact is exact. */
static void test_exact_beyond_the_budget(void **state)
{
	(void)state;
	struct rig within, beyond;
	open_rig(&within, "10", "1", 3);
	open_rig(&beyond, "0", brief() ? "1" : "2", 3);
	size_t count, never;
	assert_true(em_run_evidence_cost(beyond.run, 0, DOCS, &count, &never) > 0);
	assert_true(count == DOCS && never == 0);
	ask(&beyond, &(struct em_evidence_ask){.samples = 400, .change = true});
	ask(&beyond, &(struct em_evidence_ask){.exact = true});
	const struct em_snapshot *s = look(&within), *t = look(&beyond);
	for (size_t n = 0; n < DOCS; n++)
		assert_memory_equal(&s->obs[n].log_evidence, &t->obs[n].log_evidence, sizeof(double));
	const struct em_entry *a = s->ledger + s->position, *b = t->ledger + t->position;
	assert_int_equal(b->evidence, EM_EVIDENCE_EXACT);
	assert_true(a->log_evidence == b->log_evidence && a->kl == b->kl && b->log_evidence_se == 0 && b->estimated == 0);
	assert_int_equal(t->ledger[t->position - 1].evidence, EM_EVIDENCE_EXACT); /* the M-step before this E-step has the same theta */
	assert_true(em_run_evidence_cost(beyond.run, 0, DOCS, &count, &never) == 0 && count == 0);
	em_snapshot_release(s);
	em_snapshot_release(t);
	close_rig(&within);
	close_rig(&beyond);
}

/* ---- the same bits ---- */

static void same_guesses(struct rig *x, struct rig *y)
{
	const struct em_snapshot *s = look(x), *t = look(y);
	const struct em_entry *a = s->ledger + s->position, *b = t->ledger + t->position;
	for (size_t n = 0; n < DOCS; n++) {
		const struct em_guess *g = &s->obs[n].guess, *h = &t->obs[n].guess;
		assert_true(g->log_p == h->log_p && g->se == h->se && g->samples == h->samples && g->doubtful == h->doubtful);
	}
	assert_true(a->log_evidence == b->log_evidence && a->log_evidence_se == b->log_evidence_se);
	assert_true(a->log_p_change == b->log_p_change && a->log_p_change_se == b->log_p_change_se);
	em_snapshot_release(s);
	em_snapshot_release(t);
}

/* On any number of threads; at once, after fewer draws, or after a cancel. */
static void test_same_bits(void **state)
{
	(void)state;
	struct rig one, three;
	open_rig(&one, "0", "1", 2);
	open_rig(&three, "0", brief() ? "1" : "3", 2);
	const struct em_evidence_ask some = {.samples = 400}, more = {.samples = 1200, .change = true};
	ask(&one, &more);
	ask(&three, &some);
	ask(&three, &more);
	same_guesses(&one, &three);
	assert_true(!isnan(em_run_entry(one.run)->log_p_change));
	close_rig(&one);
	close_rig(&three);
}

struct patience {
	atomic_size_t done;
	size_t enough;
};

static bool impatient(void *self)
{
	struct patience *p = self;
	return atomic_load(&p->done) >= p->enough;
}

static void tick(void *self, const char *what, size_t done, size_t of)
{
	struct patience *p = self;
	assert_true(done <= of && strlen(what) > 0);
	atomic_store(&p->done, done);
}

/* A cancel leaves what was found, and the rest can be asked for: the same as if nothing had come between. */
static void test_a_cancel_keeps_what_was_found(void **state)
{
	(void)state;
	for (int exact = 0; exact < 2; exact++) {
		struct rig g, whole;
		struct patience p = {.enough = 5};
		const struct em_hooks h = {.self = &p, .cancelled = impatient, .progress = tick};
		const struct em_evidence_ask a = {.exact = exact, .samples = 400, .change = true};
		open_rig(&g, "0", "1", 2);
		open_rig(&whole, "0", "1", 2);
		assert_int_equal(em_run_evidence(g.run, &a, &h, &g.err), EM_CANCELLED);
		const struct em_snapshot *s = look(&g);
		size_t found = 0;
		for (size_t n = 0; n < DOCS; n++)
			found += isnan(exact ? s->obs[n].log_evidence : s->obs[n].guess.log_p) ? 0 : 1;
		assert_int_equal(found, 5);
		assert_int_equal(s->ledger[s->position].evidence, EM_EVIDENCE_NONE);
		em_snapshot_release(s);
		p.enough = SIZE_MAX;
		must(&g, em_run_evidence(g.run, &a, &h, &g.err));
		ask(&whole, &a);
		assert_int_equal(em_run_entry(g.run)->evidence, exact ? EM_EVIDENCE_EXACT : EM_EVIDENCE_ESTIMATE);
		assert_true(em_run_entry(g.run)->log_evidence == em_run_entry(whole.run)->log_evidence);
		if (!exact)
			same_guesses(&g, &whole);
		must(&g, em_run_step(g.run, EM_ITERATION, NULL, &g.err)); /* and no step is another for it */
		must(&whole, em_run_step(whole.run, EM_ITERATION, NULL, &whole.err));
		assert_true(em_run_entry(g.run)->elbo == em_run_entry(whole.run)->elbo);
		close_rig(&g);
		close_rig(&whole);
	}
}

/* Draws go where the error is. */
static void test_enough_is_enough(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, "0", "1", 2);
	ask(&g, &(struct em_evidence_ask){.samples = 400});
	const struct em_snapshot *s = look(&g);
	double level = 0;
	for (size_t n = 0; n < DOCS; n++)
		level = fmax(level, s->obs[n].guess.se);
	level /= 2;
	ask(&g, &(struct em_evidence_ask){.samples = 4000, .enough = level});
	const struct em_snapshot *t = look(&g);
	size_t refined = 0;
	for (size_t n = 0; n < DOCS; n++) {
		bool large = s->obs[n].guess.se > level || s->obs[n].guess.doubtful;
		refined += large;
		assert_int_equal(t->obs[n].guess.samples, large ? 4000 : s->obs[n].guess.samples);
	}
	assert_true(refined > 0 && refined < DOCS);
	em_snapshot_release(s);
	em_snapshot_release(t);
	close_rig(&g);
}

/* ---- whether log p fell ---- */

static struct session *paradox(const char *budget)
{
	struct em_err err;
	struct session *s = session_new(&ui_settings);
	struct job example = {.kind = JOB_EXAMPLE, .name = "paradox"}, set = {.kind = JOB_SET, .name = "evidence_budget"};
	assert_non_null(s);
	snprintf(set.text, sizeof set.text, "%s", budget);
	assert_int_equal(session_perform(s, &set, NULL, &err), EM_OK);
	assert_int_equal(session_perform(s, &example, NULL, &err), EM_OK);
	return s;
}

static void perform(struct session *s, struct job job)
{
	struct em_err err;
	if (session_perform(s, &job, NULL, &err))
		fail_msg("%s", err.msg);
}

/* The example where it falls at each M-step, by estimates alone: where they are clear they are right, and the first ones are. */
static void test_falls_by_estimates(void **state)
{
	(void)state;
	struct session *exact = paradox("10"), *guess = paradox("0");
	const int steps = brief() ? 1 : 4;
	int clear = 0;
	for (int i = 0; i < steps; i++) {
		perform(exact, (struct job){.kind = JOB_STEP, .size = EM_ITERATION, .count = 1});
		perform(guess, (struct job){.kind = JOB_STEP, .size = EM_ITERATION, .count = 1});
		perform(guess, (struct job){.kind = JOB_EVIDENCE, .ask = {.samples = 4000, .change = true}});
		const struct picture *p = session_picture(exact), *q = session_picture(guess);
		const struct em_entry *truth = p->run->ledger + p->run->position, *e = q->run->ledger + q->run->position;
		double change = truth->log_evidence - truth[-1].log_evidence;
		char text[1024];
		assert_true(change < -truth->allowance && e->gain >= 0 && e->phase == EM_M);
		assert_true(e->log_p_change_se > 0 && fabs(e->log_p_change - change) < 4 * e->log_p_change_se);
		assert_true(i == 0 || e->log_p_change_se < 0.1 * e->log_evidence_se); /* a small step: far better than the two apart */
		em_step_explain(q->run->problem, e - 1, e, text, sizeof text);
		bool said = e->log_p_change < -3 * e->log_p_change_se;
		clear += said;
		if (!strstr(text, said ? "log p fell by" : "cannot be told from 0"))
			fail_msg("%s", text);
		if (said)
			assert_non_null(strstr(text, "though the bound rose"));
		picture_release(p);
		picture_release(q);
	}
	assert_true(clear > 0);
	/* The next E-step leaves theta alone: the same is known of it, and of the M-step. */
	perform(guess, (struct job){.kind = JOB_STEP, .size = EM_PHASE, .count = 1});
	const struct picture *q = session_picture(guess);
	const struct em_entry *e = q->run->ledger + q->run->position;
	assert_true(e->phase == EM_E && e->log_p_change == e[-1].log_p_change && e->log_evidence == e[-1].log_evidence);
	picture_release(q);
	session_free(exact);
	session_free(guess);
}

/* Nothing to compare with, nothing is said. */
static void test_no_change_at_the_start(void **state)
{
	(void)state;
	struct session *s = paradox("0");
	perform(s, (struct job){.kind = JOB_EVIDENCE, .ask = {.samples = 400, .change = true}});
	const struct picture *p = session_picture(s);
	assert_int_equal(p->run->ledger[0].evidence, EM_EVIDENCE_ESTIMATE);
	assert_true(isnan(p->run->ledger[0].log_p_change));
	picture_release(p);
	session_free(s);
}

/* ---- the command ---- */

struct notes {
	struct session *session;
	struct buf said;
	struct job last;
	int jobs;
	bool hold;
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
	for (int i = 0; i < argc; i++)
		buf_printf(&((struct notes *)self)->said, "%s%s", i ? "|" : "", argv[i]);
	return EM_OK;
}

static void note_quit(void *self)
{
	(void)self;
}

struct desk {
	struct notes n;
	struct cmd_front front;
	struct em_err err;
};

static void open_desk(struct desk *d, struct session *s)
{
	*d = (struct desk){.n.session = s};
	d->front = (struct cmd_front){&d->n, s, note_job, note_text, note_ui, note_quit, false};
}

static void good(struct desk *d, const char *line)
{
	buf_free(&d->n.said);
	if (cmd_execute(&d->front, line, &d->err))
		fail_msg("%s: %s", line, d->err.msg);
}

static void bad(struct desk *d, const char *line, const char *says)
{
	int jobs = d->n.jobs;
	assert_int_not_equal(cmd_execute(&d->front, line, &d->err), EM_OK);
	if (!strstr(d->err.msg, says))
		fail_msg("%s: %s", line, d->err.msg);
	assert_int_equal(d->n.jobs, jobs);
}

static void test_words(void **state)
{
	(void)state;
	struct desk d;
	struct session *s = session_new(&ui_settings);
	open_desk(&d, s);
	bad(&d, "evidence", "nothing is open");
	perform(s, (struct job){.kind = JOB_SET, .name = "evidence_budget", .text = "0"});
	perform(s, (struct job){.kind = JOB_OPEN}); /* 140 documents */
	d.n.hold = true;
	const struct em_evidence_ask *a = &d.n.last.ask;
	good(&d, "evidence");
	assert_true(d.n.last.kind == JOB_EVIDENCE && !a->exact && a->samples == 4000 && a->change && a->enough == 0);
	assert_true(a->ranges == 1 && a->range[0].from == 0 && a->range[0].to == 140);
	good(&d, "evidence draws 20000");
	assert_true(a->samples == 20000 && a->range[0].to == 140);
	good(&d, "evidence estimate 3,7-9 draws 500");
	assert_true(!a->exact && a->samples == 500 && a->ranges == 2);
	assert_true(a->range[0].from == 2 && a->range[0].to == 3 && a->range[1].from == 6 && a->range[1].to == 9);
	good(&d, "evidence 140"); /* a number alone is a document */
	assert_true(a->ranges == 1 && a->range[0].from == 139 && a->range[0].to == 140);
	good(&d, "evidence exact 3,7-9,8");
	assert_true(a->exact && a->ranges == 3);
	assert_non_null(strstr(d.n.said.s, "exact log p of 4 documents: about "));
	good(&d, "evidence visible"); /* without a screen all are */
	assert_true(a->ranges == 1 && a->range[0].to == 140);
	good(&d, "evidence frame 2");
	assert_true(d.n.last.kind == JOB_FRAME && a->range[0].from == 1);
	good(&d, "evidence split");
	assert_int_equal(d.n.last.kind, JOB_SPLIT);
	int jobs = d.n.jobs;
	good(&d, "evidence cost");
	assert_int_equal(d.n.jobs, jobs);
	assert_non_null(strstr(d.n.said.s, "within evidence_budget=0 s a document: 0 of 140"));
	d.front.has_screen = true;
	good(&d, "evidence exact visible");
	assert_string_equal(d.n.said.s, "visible|exact|visible");
	static const char *const wrong[] = {"0", "141", "9-7", "3,", ",3", "3-", "-3", "3--4", "3.5", "+3", "x", "estimates", "1-999"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char line[64];
		snprintf(line, sizeof line, "evidence estimate %s", wrong[i]);
		bad(&d, line, "or documents from 1 to 140 as in 3,7-9");
	}
	bad(&d, "evidence draws 5", "\"5\" is no number of draws from 100 to 10000000");
	bad(&d, "evidence draws 1e9", "is no number of draws");
	bad(&d, "evidence draws many", "is no number of draws");
	buf_free(&d.n.said);
	session_free(s);
}

static void test_where_there_is_none(void **state)
{
	(void)state;
	struct desk d;
	struct session *s = session_new(&ui_settings);
	open_desk(&d, s);
	perform(s, (struct job){.kind = JOB_EXAMPLE, .name = "coins"});
	good(&d, "evidence"); /* it is exact already: nothing to do */
	bad(&d, "evidence exact", "every step has it already");
	bad(&d, "evidence cost", "every step has it already");
	assert_int_not_equal(cmd_execute(&d.front, "evidence frame", &d.err), EM_OK);
	assert_non_null(strstr(d.err.msg, "for lda by mean field"));
	buf_free(&d.n.said);
	session_free(s);
}

/* Too many words and topics for any of the exact ways: refused in one line, before anything is done. */
static void test_out_of_reach(void **state)
{
	(void)state;
	struct desk d;
	struct session *s = session_new(&ui_settings);
	open_desk(&d, s);
	perform(s, (struct job){.kind = JOB_SET, .name = "components", .text = "60"});
	perform(s, (struct job){.kind = JOB_OPEN});
	const struct picture *p = session_picture(s);
	size_t never = 0;
	for (size_t n = 0; n < p->run->problem->layout.observations; n++)
		never += isinf(em_evidence_exact.cost(p->run->problem, n)) ? 1 : 0;
	picture_release(p);
	assert_true(never > 10);
	char line[64];
	p = session_picture(s);
	for (size_t n = 0; n < p->run->problem->layout.observations; n++)
		if (isinf(em_evidence_exact.cost(p->run->problem, n))) {
			snprintf(line, sizeof line, "evidence exact %zu", n + 1);
			break;
		}
	picture_release(p);
	bad(&d, line, "out of reach; evidence estimate");
	buf_free(&d.n.said);
	session_free(s);
}

/* ELBO <= log p <= fold-in bound, document by document and in all. */
static void test_frame(void **state)
{
	(void)state;
	struct rig g;
	open_rig(&g, "10", "1", 3);
	const struct em_snapshot *s = look(&g);
	double below = 0, above = 0, truth = 0;
	for (size_t n = 0; n < DOCS; n++) {
		struct em_document d;
		struct em_ceiling top;
		assert_true(em_document_of(s->problem, s->theta, n, &d));
		must(&g, em_fold_in_bound(&d, s->q + n * s->problem->layout.q_stride, NULL, &top, &g.err));
		assert_true(s->obs[n].elbo <= s->obs[n].log_evidence + 1e-9 && s->obs[n].log_evidence <= top.value + 1e-9);
		below += s->obs[n].elbo;
		truth += s->obs[n].log_evidence;
		above += top.value;
	}
	assert_true(below < truth && truth < above);
	em_snapshot_release(s);
	close_rig(&g);

	struct desk d;
	struct session *p = paradox("10");
	open_desk(&d, p);
	perform(p, (struct job){.kind = JOB_STEP, .size = EM_ITERATION, .count = 2});
	good(&d, "evidence frame");
	const struct picture *pic = session_picture(p);
	const char *total = strstr(d.n.said.s, "2 documents: ");
	double elbo, bound;
	assert_non_null(total);
	assert_int_equal(strncmp(d.n.said.s, "document 1: ", 12), 0);
	assert_int_equal(sscanf(total, "2 documents: −%lf (ELBO) <= log p <= −%lf (fold-in bound)", &elbo, &bound), 2);
	const struct em_entry *e = pic->run->ledger + pic->run->position;
	assert_true(fabs(-elbo - e->elbo) < 1e-3 && e->log_evidence < -bound && -bound < e->log_evidence + 2);
	picture_release(pic);
	buf_free(&d.n.said);
	session_free(p);
}

/* ---- refined while nothing else is to do ---- */

/* What the screen would ask for next; performs it. */
static bool refine(struct ui *ui, struct session *s, struct job *job)
{
	const struct picture *pic = session_picture(s);
	bool more = ui_refines(ui, pic, job);
	picture_release(pic);
	if (more)
		perform(s, *job);
	return more;
}

static void test_refined_while_idle(void **state)
{
	(void)state;
	struct session *s = paradox("0");
	struct ui ui;
	struct job job;
	ui_init(&ui);
	assert_false(refine(&ui, s, &job)); /* nobody asked */
	ui.refine = true;
	size_t rounds = 0, draws = 0;
	while (refine(&ui, s, &job)) {
		assert_true(job.kind == JOB_EVIDENCE && !job.ask.exact && job.ask.ranges == 0 && job.ask.samples > draws);
		draws = job.ask.samples;
		assert_true(++rounds < 10);
	}
	const struct picture *pic = session_picture(s);
	const struct em_entry *e = pic->run->ledger + pic->run->position;
	assert_true(rounds > 0 && e->evidence == EM_EVIDENCE_ESTIMATE && (2 * e->log_evidence_se <= 0.05 || draws >= 64000));
	size_t version = pic->version;
	picture_release(pic);
	assert_false(refine(&ui, s, &job)); /* it is at rest */
	pic = session_picture(s);
	assert_int_equal(pic->version, version); /* what was found beside (a study, a landscape) is still of this */
	picture_release(pic);
	perform(s, (struct job){.kind = JOB_STEP, .size = EM_ITERATION, .count = 1}); /* another theta: it begins anew */
	assert_true(refine(&ui, s, &job) && job.ask.samples == 4000);
	perform(s, (struct job){.kind = JOB_STEP, .size = EM_ITERATION, .count = 1});
	perform(s, (struct job){.kind = JOB_SET, .name = "refine", .text = "off"});
	assert_false(refine(&ui, s, &job));
	ui_close(&ui);
	session_free(s);
}

/* An ask that comes to nothing is not made again and again. */
static void test_refining_ends(void **state)
{
	(void)state;
	struct session *s = paradox("0");
	struct ui ui;
	struct job job;
	ui_init(&ui);
	ui.refine = true;
	const struct picture *pic = session_picture(s);
	assert_true(ui_refines(&ui, pic, &job));
	assert_false(ui_refines(&ui, pic, &job)); /* it was stopped: nothing is known that was not before */
	picture_release(pic);
	ui_close(&ui);
	session_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_of_some_documents),
	    cmocka_unit_test(test_exact_beyond_the_budget),
	    cmocka_unit_test(test_same_bits),
	    cmocka_unit_test(test_a_cancel_keeps_what_was_found),
	    cmocka_unit_test(test_enough_is_enough),
	    cmocka_unit_test(test_falls_by_estimates),
	    cmocka_unit_test(test_no_change_at_the_start),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_where_there_is_none),
	    cmocka_unit_test(test_out_of_reach),
	    cmocka_unit_test(test_frame),
	    cmocka_unit_test(test_refined_while_idle),
	    cmocka_unit_test(test_refining_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
