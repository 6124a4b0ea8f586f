/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The words of `evidence`, and that an estimate never looks like a plain number: print, explain, show, breaks, the Reader. */
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
#include "fixture.h"

/* A front that performs jobs, or only writes them down, and keeps what it is told. */
struct desk {
	struct session *session;
	struct cmd_front front;
	struct buf said;
	struct job last;
	struct em_err err;
	bool hold;
};

static enum em_status desk_job(void *self, const struct job *job, struct em_err *err)
{
	struct desk *d = self;
	d->last = *job;
	return d->hold ? EM_OK : session_perform(d->session, job, NULL, err);
}

static void desk_text(void *self, const char *text)
{
	buf_printf(&((struct desk *)self)->said, "%s\n", text);
}

static enum em_status desk_ui(void *self, int argc, char *const argv[], struct em_err *err)
{
	(void)err;
	for (int i = 0; i < argc; i++)
		buf_printf(&((struct desk *)self)->said, "%s%s", i ? "|" : "", argv[i]);
	return EM_OK;
}

static void desk_quit(void *self)
{
	(void)self;
}

static void good(struct desk *d, const char *line)
{
	buf_free(&d->said);
	if (cmd_execute(&d->front, line, &d->err))
		fail_msg("%s: %s", line, d->err.msg);
}

static void bad(struct desk *d, const char *line, const char *says)
{
	assert_int_equal(cmd_execute(&d->front, line, &d->err), EM_USAGE);
	if (!strstr(d->err.msg, says))
		fail_msg("%s: %s", line, d->err.msg);
}

static void says(struct desk *d, const char *line, const char *text)
{
	good(d, line);
	if (!d->said.s || !strstr(d->said.s, text))
		fail_msg("%s: \"%s\" is not in: %s", line, text, d->said.s ? d->said.s : "");
}

static void open_desk(struct desk *d)
{
	*d = (struct desk){.session = session_new(&ui_settings)};
	assert_non_null(d->session);
	d->front = (struct cmd_front){d, d->session, desk_job, desk_text, desk_ui, desk_quit, false};
	good(d, "set threads 1");
}

static void close_desk(struct desk *d)
{
	buf_free(&d->said);
	session_free(d->session);
}

/* Each word once; a number is a document. */
static void test_words(void **state)
{
	(void)state;
	struct desk d;
	open_desk(&d);
	good(&d, "set evidence_budget 0");
	good(&d, "open example paradox");
	d.hold = true;
	const struct em_evidence_ask *a = &d.last.ask;
	good(&d, "evidence 2");
	assert_true(!a->exact && a->samples == 4000 && a->ranges == 1 && a->range[0].from == 1 && a->range[0].to == 2);
	good(&d, "evidence draws 500 1-2 estimate");
	assert_true(!a->exact && a->samples == 500 && a->ranges == 1 && a->range[0].from == 0 && a->range[0].to == 2);
	good(&d, "evidence all");
	assert_true(a->ranges == 1 && a->range[0].from == 0 && a->range[0].to == 2);
	bad(&d, "evidence 500", "or documents from 1 to 2");
	bad(&d, "evidence 1 2", "\"2\" besides \"1\"; several documents go between commas");
	bad(&d, "evidence all 2", "\"2\" besides \"all\"");
	bad(&d, "evidence 2 all", "\"all\" besides \"2\"");
	bad(&d, "evidence exact estimate", "\"estimate\" besides \"exact\"");
	bad(&d, "evidence draws 500 draws 600", "besides");
	bad(&d, "evidence exact draws 500", "exact takes no draws");
	bad(&d, "evidence draws", "\"draws\" is none of");
	d.front.has_screen = true;
	says(&d, "evidence estimate visible", "visible|estimate|visible");
	says(&d, "evidence! exact visible", "visible!|exact|visible");
	close_desk(&d);
}

/* What it would take, of all and of some. */
static void test_cost(void **state)
{
	(void)state;
	struct desk d;
	open_desk(&d);
	good(&d, "open example paradox");
	says(&d, "evidence cost", "urn sum               2 documents  ");
	assert_non_null(strstr(d.said.s, "within evidence_budget=0.1 s a document: 2 of 2; the dearest, document 2, "));
	says(&d, "evidence cost 1", "urn sum               1 document  ");
	assert_non_null(strstr(d.said.s, ": 1 of 1; the dearest, document 1, "));
	bad(&d, "evidence cost 3", "or documents from 1 to 2");
	close_desk(&d);
}

/* Marked by ~ wherever it goes; what is exact is not. */
static void test_marks(void **state)
{
	(void)state;
	struct desk d;
	open_desk(&d);
	good(&d, "open example paradox");
	good(&d, "set evidence_budget 0");
	good(&d, "finish 2");
	says(&d, "print kl", "unknown");
	says(&d, "explain log_p", "is not known, only that it is no less than elbo = -11.57");
	good(&d, "evidence 1");
	says(&d, "print kl", "unknown");
	says(&d, "print kl[2]", "unknown");
	says(&d, "print log_p[1] - elbo[1]", "~0.");
	says(&d, "explain kl[1]", "log_p is an estimate, ± ");
	says(&d, "explain log_p[1]", "by importance sampling\nlog_p is an estimate, ± ");
	says(&d, "show document 1", "log p ~−4.7");
	says(&d, "show document 2", "log p unknown, KL unknown");
	good(&d, "evidence 2");
	says(&d, "print kl", "~0.");
	says(&d, "print sum(kl[*])", "~0.");
	says(&d, "print kl > 0.5", "~1");
	says(&d, "print elbo", "-11.57");
	assert_null(strstr(d.said.s, "~"));
	says(&d, "explain kl", "log_p is an estimate, ± ");
	says(&d, "explain log_p", "log_p is an estimate, ± ");
	good(&d, "evidence exact");
	says(&d, "print kl", "0.8"); /* −10.7312 − −11.5723 */
	assert_int_equal(d.said.s[0], '0');
	good(&d, "explain kl");
	assert_null(strstr(d.said.s, "estimate"));
	close_desk(&d);
}

static void read_text(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	out[fread(out, 1, size - 1, f)] = '\0';
	fclose(f);
}

/* `set eta` is the setting, though eta is a number of theta too: a prior on the topics can be had and left again. */
static void test_settings_come_first(void **state)
{
	(void)state;
	struct desk d;
	open_desk(&d);
	good(&d, "open example paradox");
	good(&d, "set eta 0.1");
	good(&d, "finish");
	says(&d, "print log_p", "unknown");
	good(&d, "set eta=0.2");
	says(&d, "print eta", "0.2");
	good(&d, "set eta 0");
	good(&d, "finish");
	says(&d, "print kl >= 0", "1"); /* known again */
	close_desk(&d);
}

static bool bound_shows(struct desk *d, const char *text)
{
	const struct picture *pic = session_picture(d->session);
	struct ui ui;
	ui_init(&ui);
	ui.view = &view_bound;
	struct canvas *c = canvas_new(100, 30, GLYPHS_UTF8);
	assert_non_null(c);
	view_bound.draw(&ui, pic, c, canvas_rect(c));
	bool yes = fixture_shows(c, text);
	canvas_free(c);
	ui_close(&ui);
	picture_release(pic);
	return yes;
}

/* Bound: how many are which, also where some are missing; a change by the same draws is an estimate too. */
static void test_bound(void **state)
{
	(void)state;
	struct desk d;
	open_desk(&d);
	good(&d, "open example paradox");
	good(&d, "set evidence_budget 0");
	good(&d, "finish 2");
	good(&d, "evidence 1");
	assert_true(bound_shows(&d, "unknown: 0 exact, 1 estimated of 2 documents"));
	good(&d, "evidence 2");
	assert_true(bound_shows(&d, "0 exact, 2 estimated, 0 doubtful of 2 documents"));
	assert_true(bound_shows(&d, "~−0.011   =   +0.000008   +   ~−0.011"));
	good(&d, "evidence exact 1");
	assert_true(bound_shows(&d, "1 exact, 1 estimated, 0 doubtful of 2 documents"));
	good(&d, "evidence exact 2");
	assert_true(bound_shows(&d, "−10.731") && !bound_shows(&d, "~−10.7") && bound_shows(&d, "~−0.011")); /* the step before is not known exactly */
	close_desk(&d);
}

/* One that its own signs call doubtful says so everywhere. */
static void test_doubtful(void **state)
{
	(void)state;
	struct desk d;
	size_t n = 0;
	char line[64];
	open_desk(&d);
	good(&d, "set components 12");
	good(&d, "open");
	good(&d, "e");
	good(&d, "evidence 1-12 draws 100");
	const struct picture *pic = session_picture(d.session);
	while (n < 12 && !pic->run->obs[n].guess.doubtful)
		n++;
	assert_true(n < 12); /* a hundred draws over twelve topics are too few for some */
	struct ui ui;
	ui_init(&ui);
	ui.view = &view_reader;
	ui.document = n;
	ui.area = (struct rect){1, 0, 98, 30};
	struct canvas *c = canvas_new(100, 30, GLYPHS_UTF8);
	assert_non_null(c);
	char kl[64];
	view_reader.draw(&ui, pic, c, ui.area);
	snprintf(kl, sizeof kl, "KL ~%.3f?", pic->run->obs[n].guess.log_p - pic->run->obs[n].elbo);
	assert_true(fixture_shows(c, kl) && fixture_shows(c, "doubtful"));
	canvas_free(c);
	ui_close(&ui);
	picture_release(pic);
	snprintf(line, sizeof line, "print kl[%zu]", n + 1);
	good(&d, line);
	assert_true(d.said.s[0] == '~' && strstr(d.said.s, "?\n"));
	snprintf(line, sizeof line, "explain kl[%zu]", n + 1);
	says(&d, line, "doubtful");
	snprintf(line, sizeof line, "show document %zu", n + 1);
	says(&d, line, ", doubtful, KL ~");
	good(&d, "evidence draws 100"); /* the rest: the sum is doubtful too */
	char path[] = "/tmp/elbow-test-XXXXXX", text[4096];
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	snprintf(line, sizeof line, "export! trace %s", path);
	good(&d, line);
	read_text(path, text, sizeof text);
	assert_non_null(strstr(text, "\n1,1,E,"));
	assert_non_null(strstr(strstr(text, "\n1,1,E,"), ",doubtful,"));
	snprintf(line, sizeof line, "export! documents %s", path);
	good(&d, line);
	read_text(path, text, sizeof text);
	assert_true(strstr(text, ",doubtful,0.") && !strstr(text, ",none,"));
	unlink(path);
	close_desk(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_cost),
	    cmocka_unit_test(test_marks),
	    cmocka_unit_test(test_settings_come_first),
	    cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_doubtful),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
