/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sessions in files: what is opened is what was kept, bit by bit, and goes on as it would have; damage, newer formats and changed data
 * are told. Scripts do again what was done. */
#include <fcntl.h>
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
#include <sqlite3.h>

#include "command/command.h"
#include "fit.h"

static char folder[] = "/tmp/elbow-keep-XXXXXX";
static struct em_err err;

static const char *in_folder(const char *name)
{
	static char path[4][200];
	static int next;
	next = (next + 1) % 4;
	snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
	return path[next];
}

/* ---- a session that commands work on ---- */

static enum em_status submit(void *self, const struct job *job, struct em_err *e)
{
	return session_perform(self, job, NULL, e);
}

static void print(void *self, const char *text)
{
	(void)self;
	(void)text;
}

static enum em_status command(struct session *s, const char *line)
{
	const struct cmd_front front = {s, s, submit, print, NULL, NULL, false};
	return cmd_execute(&front, line, &err);
}

static void execute(struct session *s, const char *line)
{
	if (command(s, line))
		fail_msg("%s: %s", line, err.msg);
}

static struct session *session_of(const char *first)
{
	struct session *s = session_new(NULL);
	assert_non_null(s);
	execute(s, first);
	return s;
}

static void on_file(struct session *s, const char *verb, const char *name)
{
	char line[300];
	snprintf(line, sizeof line, "%s %s", verb, in_folder(name));
	execute(s, line);
}

/* ---- the same ---- */

static void same_numbers(const double *a, const double *b, size_t n, const char *what)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(a + i, b + i, sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i])))
			fail_msg("%s %zu: %.17g and %.17g", what, i, a[i], b[i]);
}

static void same_entry(const struct em_entry *a, const struct em_entry *b)
{
	const double x[] = {a->elbo, a->energy, a->entropy, a->log_evidence, a->log_evidence_se, a->log_p_change, a->log_p_change_se, a->kl, a->seconds,
	                    a->gain, a->allowance, a->leap_length, a->moved, a->worst_gain, a->was, a->became};
	const double y[] = {b->elbo, b->energy, b->entropy, b->log_evidence, b->log_evidence_se, b->log_p_change, b->log_p_change_se, b->kl, b->seconds,
	                    b->gain, b->allowance, b->leap_length, b->moved, b->worst_gain, b->was, b->became};
	const uint64_t m[] = {a->step, a->iteration, a->phase, a->size, a->evidence, a->estimated, a->doubtful, a->e_steps, a->leap, a->unit, a->moved_at[0],
	                      a->moved_at[1], a->moved_at[2], a->sweeps, a->active, a->capped, a->worst, a->decreased};
	const uint64_t n[] = {b->step, b->iteration, b->phase, b->size, b->evidence, b->estimated, b->doubtful, b->e_steps, b->leap, b->unit, b->moved_at[0],
	                      b->moved_at[1], b->moved_at[2], b->sweeps, b->active, b->capped, b->worst, b->decreased};
	same_numbers(x, y, sizeof x / sizeof x[0], "entry");
	same_numbers(a->terms, b->terms, EM_TERMS, "term");
	assert_memory_equal(m, n, sizeof m);
	assert_string_equal(a->moved_array ? a->moved_array : "", b->moved_array ? b->moved_array : "");
}

static void same(struct session *a, struct session *b)
{
	const struct picture *x = session_picture(a), *y = session_picture(b);
	const struct em_snapshot *p = x->run, *q = y->run;
	const struct em_layout *l = &p->problem->layout;
	assert_int_equal(p->entries, q->entries);
	assert_int_equal(p->position, q->position);
	for (size_t i = 0; i < p->entries; i++)
		same_entry(p->ledger + i, q->ledger + i);
	same_numbers(p->theta, q->theta, l->theta_size, "theta");
	same_numbers(p->theta_before, q->theta_before, l->theta_size, "theta before");
	same_numbers(p->theta_made, q->theta_made, l->theta_size, "theta made");
	same_numbers(p->q, q->q, l->observations * l->q_stride, "q");
	assert_int_equal(!p->stats, !q->stats);
	if (p->stats)
		same_numbers(p->stats, q->stats, l->stats_size, "statistics");
	for (size_t i = 0; i < l->observations; i++)
		same_numbers(&p->obs[i].elbo, &q->obs[i].elbo, 3, "observation");
	assert_int_equal(p->next_m, q->next_m);
	assert_int_equal(p->inside, q->inside);
	assert_int_equal(p->next_unit, q->next_unit);
	assert_int_equal(p->seed, q->seed);
	assert_string_equal(p->verdict.text, q->verdict.text);
	assert_string_equal(x->branch, y->branch);
	assert_int_equal(x->branches, y->branches);
	assert_string_equal(x->breaks, y->breaks);
	assert_string_equal(x->labels ? x->labels : "", y->labels ? y->labels : "");
	assert_string_equal(x->data->name, y->data->name);
	assert_true(em_settings_same(x->settings, y->settings));
	picture_release(x);
	picture_release(y);
}

/* Both go the same way from here. */
static void same_ways(struct session *a, struct session *b, const char *const *lines)
{
	same(a, b);
	for (; *lines; lines++) {
		execute(a, *lines);
		execute(b, *lines);
		const struct picture *x = session_picture(a), *y = session_picture(b);
		assert_int_equal(x->run->position, y->run->position);
		same_numbers(&x->run->ledger[x->run->position].elbo, &y->run->ledger[y->run->position].elbo, 1, *lines);
		same_numbers(x->run->theta, y->run->theta, x->run->problem->layout.theta_size, *lines);
		picture_release(x);
		picture_release(y);
	}
}

/* ---- round trips ---- */

static const char *const onward[] = {"next", "back 3", "step", "finish 2", "goto 0", "goto 2", NULL};

static void round_trip(const char *const *lines)
{
	struct session *a = session_of(lines[0]);
	for (size_t i = 1; lines[i]; i++)
		execute(a, lines[i]);
	on_file(a, "save!", "trip.elbow");
	struct session *b = session_new(NULL);
	on_file(b, "open", "trip.elbow");
	same_ways(a, b, onward);
	session_free(a);
	session_free(b);
}

static void test_round_trips(void **state)
{
	(void)state;
	static const char *const coins[] = {"open example coins", "finish 3", "step 2", NULL};
	static const char *const mixture[] = {"open example waiting", "finish 4", "label four", "branch other", "label \"forked here\"", "finish", "set means[1][1] 60", "break delta < 1e-6", "watch elbo",
	                                      "disable 1", "finish 2", "delete 2", "catch empty", "back 3", NULL};
	static const char *const leaps[] = {"open example deaths", "set accelerate squarem", "finish 5", "restarts 2", "switch main", "finish", NULL};
	static const char *const lda[] = {"open example paradox", "set alpha_update symmetric", "finish 2", "step 2", "set evidence_budget 0", "finish",
	                                  "evidence estimate draws 200", NULL};
	static const char *const hmm[] = {"open example icecream", "finish 3", "e", NULL};
	static const char *const smooth[] = {"open example oneword eta=0.1", "finish 2", "sweep", NULL};
	static const char *const *const all[] = {coins, mixture, leaps, lda, hmm, smooth};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		round_trip(all[i]);
}

/* A journal holds at every moment what the session is. */
static void test_journal(void **state)
{
	(void)state;
	static const char *const lines[] = {"step 3", "next", "finish 2", "label two", "back", "label \"not yet\"", "next", "branch fork", "back 3", "step", "finish", "set seed 5", "finish", "switch main",
	                                    "set topics[1][1] 0.25", "finish", "back 4", "e", "open example coins", "finish", NULL};
	struct session *a = session_of("open example saddle");
	on_file(a, "journal", "j.elbow");
	for (size_t i = 0; lines[i]; i++) {
		execute(a, lines[i]);
		char copy[600];
		snprintf(copy, sizeof copy, "rm -f %s/copy.d/*; cp %s* %s/copy.d", folder, in_folder("j.elbow"), folder);
		assert_int_equal(system(copy), 0);
		struct session *b = session_new(NULL);
		on_file(b, "open", "copy.d/j.elbow");
		same(a, b);
		session_free(b);
	}
	char line[300];
	snprintf(line, sizeof line, "save! %s", in_folder("j.elbow")); /* would take its place */
	assert_int_equal(command(a, line), EM_USAGE);
	snprintf(line, sizeof line, "open %s", in_folder("j.elbow"));
	assert_int_equal(command(a, line), EM_USAGE);
	execute(a, "journal off");
	assert_int_not_equal(access(in_folder("j.elbow-wal"), F_OK), 0);
	struct session *b = session_new(NULL);
	on_file(b, "journal", "j.elbow"); /* goes on */
	same(a, b);
	execute(a, "finish"); /* no longer in it */
	execute(b, "finish 2");
	session_free(b);
	b = session_new(NULL);
	on_file(b, "open", "j.elbow");
	const struct picture *x = session_picture(a), *y = session_picture(b);
	assert_int_equal(x->run->position + 2, y->run->position);
	same_numbers(x->run->theta, y->run->theta_before, x->run->problem->layout.theta_size, "theta");
	picture_release(x);
	picture_release(y);
	on_file(b, "journal", "j.elbow"); /* and if somebody takes it away */
	unlink(in_folder("j.elbow"));
	assert_int_equal(command(b, "finish"), EM_IO);
	assert_non_null(strstr(err.msg, "somebody took it away"));
	execute(b, "finish");
	session_free(b);
	session_free(a);
}

/* ---- what is not as it was ---- */

static void refused(const char *name, const char *part)
{
	struct session *s = session_new(NULL);
	char line[300];
	snprintf(line, sizeof line, "open %s", in_folder(name));
	assert_int_equal(command(s, line), EM_INPUT);
	if (!strstr(err.msg, part))
		fail_msg("not \"%s\": %s", part, err.msg);
	const struct picture *x = session_picture(s);
	assert_null(x->run);
	picture_release(x);
	session_free(s);
}

static void sql(const char *name, const char *text)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(in_folder(name), &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void copy(const char *from, const char *to, size_t size)
{
	char *bytes = malloc(size);
	FILE *f = fopen(in_folder(from), "rb");
	assert_non_null(f);
	size = fread(bytes, 1, size, f);
	fclose(f);
	f = fopen(in_folder(to), "wb");
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	fclose(f);
	free(bytes);
}

/* The session and what was said when it was opened. */
static struct session *opened(const char *name, const char *part)
{
	struct session *s = session_new(NULL);
	on_file(s, "open", name);
	const struct picture *x = session_picture(s);
	assert_non_null(x->said);
	if (!strstr(x->said, part))
		fail_msg("not \"%s\": %s", part, x->said);
	picture_release(x);
	return s;
}

static void stands(struct session *s, size_t entries, size_t position)
{
	const struct picture *x = session_picture(s);
	assert_int_equal(x->run->entries, entries);
	assert_int_equal(x->run->position, position);
	picture_release(x);
}

static void test_damage(void **state)
{
	(void)state;
	struct session *a = session_of("open example saddle");
	execute(a, "finish 20");
	on_file(a, "save", "whole.elbow");
	copy("whole.elbow", "d.elbow", 1 << 24);
	sql("d.elbow", "UPDATE ledger SET elbo = elbo + 1e-9 WHERE step = 17"); /* a row that is not what it was */
	struct session *b = opened("d.elbow", "steps 0 to 16 can be read");
	stands(b, 17, 16);
	session_free(b);
	sql("d.elbow", "DELETE FROM ledger WHERE step = 9");
	b = opened("d.elbow", "steps 0 to 8 can be read");
	stands(b, 9, 8);
	session_free(b);
	copy("whole.elbow", "d.elbow", 1 << 24);
	sql("d.elbow", "UPDATE checkpoint SET state = zeroblob(length(state))"); /* made again, all of it */
	b = opened("d.elbow", "damaged");
	same_ways(a, b, onward);
	session_free(b);
	copy("whole.elbow", "d.elbow", 1 << 24);
	sql("d.elbow", "DELETE FROM checkpoint; UPDATE ledger SET elbo = elbo + 1 WHERE step = 0");
	refused("d.elbow", "nothing can be read");
	/* the same ELBO is promised, bit by bit; a ledger that says otherwise is not believed */
	session_free(a);
	copy("whole.elbow", "t.elbow", 5000);
	refused("t.elbow", "damaged");
	copy("whole.elbow", "n.elbow", 1 << 24);
	sql("n.elbow", "PRAGMA user_version = 2");
	refused("n.elbow", "of a newer elbow (format 2");
	sql("other.db", "CREATE TABLE t(a)");
	refused("other.db", "no session file of elbow");
	copy("whole.elbow", "e.elbow", 1 << 24);
	sql("e.elbow", "UPDATE current SET branches = 0");
	refused("e.elbow", "nothing was opened in it");
	sql("e.elbow", "UPDATE current SET branches = 2, branch = 5");
	refused("e.elbow", "damaged");
	copy("whole.elbow", "m.elbow", 1 << 24);
	sql("m.elbow", "UPDATE branch SET model = 'gan'");
	refused("m.elbow", "the model gan");
}

/* What somebody wrote into it is no reason to believe it, nor to show it as it is. */
static void test_tampering(void **state)
{
	(void)state;
	struct session *a = session_of("open example coins"), *b;
	execute(a, "finish 2");
	execute(a, "break delta < 1e-9");
	execute(a, "label here");
	on_file(a, "save", "mine.elbow");
	session_free(a);
	static const struct {
		const char *sql, *says;
		bool opens;
	} cases[] = {
	    {"UPDATE branch SET name = char(27) || '[31mred'", "damaged: a branch's name", false},
	    {"UPDATE branch SET position = -1", "what came after is lost", true},
	    {"UPDATE branch SET example = '../../x'", "which this elbow does not have", false},
	    {"UPDATE branch SET model = 'gmm'", "damaged", false},
	    {"UPDATE breakpoint SET text = '1 break on 0 elbo >'", "damaged: column 7", true},
	    {"UPDATE breakpoint SET text = 'nonsense'", "is no break", true},
	    {"UPDATE label SET text = '2 main' || char(9) || '17'", "a label is a word", true},
	    {"UPDATE command SET text = char(27) || '[2J'", "control characters", true},
	    {"UPDATE settings SET json = replace(json, '\"2\"', '\"7\"')", "damaged", false},
	    {"UPDATE settings SET json = '[' || id || ']'", "settings", false},
	    {"UPDATE ledger SET phase = 77 WHERE step = 3", "steps 0 to 2 can be read", true},
	    {"UPDATE term SET value = NULL WHERE step = 4", "steps 0 to 3 can be read", true},
	    {"DROP TABLE term", "nothing can be read", false},
	    {"DROP TABLE label", "damaged", true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		copy("mine.elbow", "theirs.elbow", 1 << 24);
		sql("theirs.elbow", cases[i].sql);
		if (!cases[i].opens) {
			refused("theirs.elbow", cases[i].says);
			assert_null(strchr(err.msg, 27));
			continue;
		}
		b = opened("theirs.elbow", cases[i].says);
		const struct picture *p = session_picture(b);
		assert_null(strchr(p->said, 27));
		picture_release(p);
		execute(b, "finish");
		session_free(b);
	}
}

/* Any page overwritten: opened or refused, never worse. */
static void test_any_page(void **state)
{
	(void)state;
	struct session *a = session_of("open example coins");
	execute(a, "finish 6");
	on_file(a, "save", "pages.elbow");
	session_free(a);
	struct stat st;
	assert_int_equal(stat(in_folder("pages.elbow"), &st), 0);
	for (off_t page = 0; page < st.st_size / 4096; page += fit_brief() ? 5 : 1)
		for (int kind = 0; kind < 2; kind++) {
			char junk[4096];
			copy("pages.elbow", "p.elbow", (size_t)st.st_size);
			memset(junk, kind ? 0xff : 0, sizeof junk);
			int fd = open(in_folder("p.elbow"), O_WRONLY);
			assert_int_equal(pwrite(fd, junk, page ? sizeof junk : 40, page ? page * 4096 : 60), page ? sizeof junk : 40);
			close(fd);
			struct session *b = session_new(NULL);
			char line[300];
			snprintf(line, sizeof line, "open %s", in_folder("p.elbow"));
			enum em_status got = command(b, line);
			if (got)
				assert_int_equal(got, EM_INPUT);
			else
				execute(b, "finish");
			session_free(b);
		}
}

static void write_points(const char *name, double last)
{
	FILE *f = fopen(in_folder(name), "w");
	fprintf(f, "x,y\n1,2\n3,4\n5,7\n2,2\n%g,1\n", last);
	fclose(f);
}

static void test_data(void **state)
{
	(void)state;
	char line[400];
	write_points("d.csv", 9);
	snprintf(line, sizeof line, "open %s model=gmm components=1", in_folder("d.csv"));
	struct session *a = session_of(line);
	execute(a, "finish");
	on_file(a, "save", "points.elbow");
	struct session *b = opened("points.elbow", "d.csv with 2 steps");
	same(a, b);
	session_free(b);
	write_points("d.csv", 8);
	refused("points.elbow", "changed since");
	write_points("copy.d/d.csv", 9); /* gone, but there is one beside the session */
	unlink(in_folder("d.csv"));
	refused("points.elbow", "d.csv");
	assert_int_equal(rename(in_folder("points.elbow"), in_folder("copy.d/points.elbow")), 0);
	b = opened("copy.d/points.elbow", "stands at M 1");
	stands(b, 3, 2);
	session_free(b);
	session_free(a);
	a = session_of("open example three"); /* an example has no file, whatever seed it was drawn from */
	execute(a, "finish");
	on_file(a, "save", "three.elbow");
	snprintf(line, sizeof line, "save %s", in_folder("three.elbow"));
	assert_int_equal(command(a, line), EM_USAGE); /* exists */
	on_file(a, "save!", "three.elbow");
	session_free(a);
}

/* ---- scripts ---- */

struct cut {
	size_t left;
};

static bool cut(void *self)
{
	struct cut *c = self;
	return c->left == 0;
}

static void count_down(void *self, const struct em_entry *e)
{
	struct cut *c = self;
	(void)e;
	c->left -= c->left > 0;
}

/* Stops a job after some entries. */
static void interrupted(struct session *s, const struct job *job, size_t entries)
{
	struct cut c = {entries};
	const struct em_hooks h = {.self = &c, .cancelled = cut, .stepped = count_down};
	assert_int_equal(session_perform(s, job, &h, &err), EM_CANCELLED);
}

static void test_scripts(void **state)
{
	(void)state;
	static const char *const lines[] = {"set components 3", "set e_sweeps 4", "finish 2", "label here", "back 2", "goto here", "step 3", "next", "branch \"a b\"", "set topics[2][3] 0.125",
	                                    "break iteration = 6", "continue until gain < 0.5", "disable 1", "continue until iteration 8", "switch main", "back 2",
	                                    "sweep 2", "set alpha_update symmetric", "m", "e", "evidence! exact 1-2", "delete", NULL};
	struct session *a = session_new(NULL);
	execute(a, "set max_iterations 50"); /* before anything is open, as an option is */
	execute(a, "open example paradox seed=3");
	for (size_t i = 0; lines[i]; i++)
		execute(a, lines[i]);
	interrupted(a, &(struct job){.kind = JOB_CONTINUE}, 5);
	interrupted(a, &(struct job){.kind = JOB_STEP, .size = EM_UNIT, .count = 10}, 2);
	execute(a, "set accelerate squarem");
	execute(a, "finish");
	interrupted(a, &(struct job){.kind = JOB_STEP, .size = EM_ITERATION, .count = 10}, 2);
	char line[300];
	snprintf(line, sizeof line, "export script %s", in_folder("s.txt"));
	execute(a, line);
	struct session *b = session_new(NULL);
	on_file(b, "source", "s.txt");
	const struct picture *x = session_picture(a), *y = session_picture(b);
	assert_int_equal(x->run->entries, y->run->entries);
	assert_int_equal(x->run->position, y->run->position);
	for (size_t i = 0; i < x->run->entries; i++) {
		same_numbers(&x->run->ledger[i].elbo, &y->run->ledger[i].elbo, 1, "ELBO of step");
		same_numbers(&x->run->ledger[i].log_evidence, &y->run->ledger[i].log_evidence, 1, "log p of step");
	}
	same_numbers(x->run->theta, y->run->theta, x->run->problem->layout.theta_size, "theta");
	assert_true(em_settings_same(x->settings, y->settings));
	assert_int_equal(x->branches, y->branches);
	assert_string_equal(x->breaks, y->breaks);
	assert_string_equal(x->labels, y->labels);
	assert_string_equal(x->labels, "     4  here");
	picture_release(x);
	picture_release(y);
	session_free(b);
	on_file(a, "save", "scripted.elbow"); /* the script goes along */
	b = session_new(NULL);
	on_file(b, "open", "scripted.elbow");
	snprintf(line, sizeof line, "export script %s", in_folder("t.txt"));
	execute(b, line);
	snprintf(line, sizeof line, "cmp -s %s %s", in_folder("s.txt"), in_folder("t.txt"));
	assert_int_equal(system(line), 0);
	session_free(b);
	session_free(a);
}

/* A label goes with its step: not longer, not to another. */
static void test_labels(void **state)
{
	(void)state;
	struct session *s = session_of("open example coins");
	execute(s, "finish 2");
	execute(s, "label two");
	execute(s, "finish");
	execute(s, "label three");
	execute(s, "goto two");
	stands(s, 7, 4);
	execute(s, "next"); /* what was ahead is still there */
	execute(s, "goto three");
	stands(s, 7, 6);
	execute(s, "branch b");
	execute(s, "goto two");
	execute(s, "step"); /* another way: three is gone, here */
	assert_int_equal(command(s, "goto three"), EM_USAGE);
	assert_non_null(strstr(err.msg, "there are two"));
	execute(s, "switch main");
	execute(s, "goto three");
	stands(s, 7, 6);
	execute(s, "back 6");
	execute(s, "label three"); /* moves */
	execute(s, "goto 5");
	execute(s, "goto three");
	stands(s, 7, 0);
	static const char *const wrong[] = {"label 12", "label \"\"", "label \"a very long name that goes on and on and on and on\"", "goto nowhere"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(command(s, wrong[i]), EM_USAGE);
	execute(s, "restart seed 4"); /* another run */
	const struct picture *x = session_picture(s);
	assert_string_equal(x->labels ? x->labels : "", "");
	picture_release(x);
	session_free(s);
}

int main(void)
{
	if (!mkdtemp(folder) || mkdir(in_folder("copy.d"), 0777))
		return 1;
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trips), cmocka_unit_test(test_journal), cmocka_unit_test(test_damage),
	                                   cmocka_unit_test(test_tampering), cmocka_unit_test(test_any_page), cmocka_unit_test(test_data), cmocka_unit_test(test_scripts), cmocka_unit_test(test_labels)};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	char clean[200];
	snprintf(clean, sizeof clean, "rm -rf %s", folder);
	return system(clean) ? 1 : rc;
}
