/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the screen says while one debugs: a planted bug and a branch in the title, a break that held, the verdict of each kind,
 * diagnose, compare and restarts; as pictures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "term/overlay.h"

/* The screen without a terminal: lines run at once, and what they say is shown as the loop shows it. */
struct desk {
	struct session *session;
	struct cmd_front front;
	struct ui ui;
	struct buf said;
	bool is_error;
};

static enum em_status perform(void *self, const struct job *job, struct em_err *err)
{
	return session_perform(((struct desk *)self)->session, job, NULL, err);
}

static void note(void *self, const char *text)
{
	struct desk *d = self;
	buf_printf(&d->said, "%s%s", d->said.len ? "\n" : "", text);
	while (d->said.len && d->said.s[d->said.len - 1] == '\n')
		d->said.s[--d->said.len] = '\0';
}

static enum em_status show(void *self, int argc, char *const argv[], struct em_err *err)
{
	struct desk *d = self;
	const char *line = NULL;
	const struct picture *pic = session_picture(d->session);
	enum em_status st = ui_command(&d->ui, pic, argc, argv, &line, err);
	picture_release(pic);
	return st || !line ? st : cmd_execute(&d->front, line, err);
}

static void begin(struct desk *d, const char *line)
{
	struct em_err err = {0};
	*d = (struct desk){.session = session_new(&ui_settings)};
	assert_non_null(d->session);
	d->front = (struct cmd_front){.self = d, .session = d->session, .submit = perform, .print = note, .ui = show, .has_screen = true};
	ui_init(&d->ui);
	if (cmd_execute(&d->front, "set threads 1", &err) || cmd_execute(&d->front, line, &err))
		fail_msg("%s: %s", line, err.msg);
}

static void end(struct desk *d)
{
	ui_close(&d->ui);
	buf_free(&d->said);
	session_free(d->session);
}

/* Runs a line; what it says, or why it fails, is the message then. */
static enum em_status run(struct desk *d, const char *line)
{
	struct em_err err = {0};
	buf_free(&d->said);
	d->is_error = cmd_execute(&d->front, line, &err) != EM_OK;
	if (d->is_error)
		note(d, err.msg);
	return err.code;
}

static struct canvas *screen(struct desk *d, int w, int h)
{
	struct canvas *c = canvas_new(w, h, GLYPHS_UTF8);
	const struct picture *now = session_picture(d->session);
	struct picture pic = *now;
	struct em_snapshot s = *pic.run;
	struct em_entry *ledger = malloc(s.entries * sizeof *ledger); /* with made-up seconds, so that pictures never change */
	struct overlay over = {0};
	struct ui_status status = {.is_error = d->is_error};
	assert_non_null(c);
	assert_non_null(ledger);
	memcpy(ledger, s.ledger, s.entries * sizeof *ledger);
	for (size_t i = 0; i < s.entries; i++)
		ledger[i].seconds = 0.001;
	s.ledger = ledger;
	pic.run = &s;
	bool fits = !d->said.s || (!strchr(d->said.s, '\n') && canvas_width(c, d->said.s) <= w - 2);
	if (fits)
		status.message = d->said.s;
	else
		overlay_set(&over, d->said.s);
	ui_apply(&d->ui, pic.settings, true);
	ui_draw(&d->ui, &pic, &status, c);
	if (overlay_shown(&over))
		overlay_draw(&over, c);
	overlay_free(&over);
	picture_release(now);
	free(ledger);
	return c;
}

static void golden(struct desk *d, const char *name)
{
	static const int sizes[][2] = {{80, 24}, {120, 36}};
	for (size_t i = 0; i < 2; i++) {
		char path[96];
		struct canvas *c = screen(d, sizes[i][0], sizes[i][1]);
		snprintf(path, sizeof path, "debug-%s-%dx%d", name, sizes[i][0], sizes[i][1]);
		golden_check(c, path, false);
		canvas_free(c);
	}
}

/* The title says where one is, whatever the size. */
static void sees(struct desk *d, const char *text)
{
	struct canvas *c = screen(d, 80, 24);
	if (!fixture_shows(c, text)) {
		struct buf b = {0};
		canvas_text(c, &b);
		print_error("no \"%s\" in\n%s", text, b.s);
		fail();
	}
	canvas_free(c);
}

static enum em_verdict_kind verdict(struct desk *d)
{
	const struct picture *pic = session_picture(d->session);
	enum em_verdict_kind kind = pic->run->verdict.kind;
	picture_release(pic);
	return kind;
}

static void test_title(void **state)
{
	(void)state;
	struct desk d;
	begin(&d, "open example coins");
	assert_int_equal(run(&d, "finish 2; branch careful"), EM_OK);
	golden(&d, "branch");
	sees(&d, "careful");
	end(&d);
	begin(&d, "open example three bug=variance");
	sees(&d, "BUG");
	golden(&d, "bug");
	end(&d);
}

static void test_break(void **state)
{
	(void)state;
	struct desk d;
	begin(&d, "open example coins");
	assert_int_equal(run(&d, "break iteration = 3"), EM_OK);
	golden(&d, "break-set");
	assert_int_equal(run(&d, "continue"), EM_OK);
	sees(&d, "iteration 3");
	golden(&d, "break-held");
	assert_int_equal(run(&d, "info breaks"), EM_OK);
	golden(&d, "breaks");
	end(&d);
}

static void test_verdicts(void **state)
{
	(void)state;
	static const struct {
		const char *open, *line, *name;
		enum em_verdict_kind kind;
		enum em_status st;
	} cases[] = {
		{"open example coins", "finish 1", "moving", EM_NOT_CONVERGED, EM_OK},
		{"open example coins", "continue", "converged", EM_CONVERGED, EM_OK},
		{"open example coins max_iterations=2", "continue", "limit", EM_LIMIT, EM_OK},
		{"open example coins", "set bias[1] 0.5; set bias[2] 0.5; continue", "stalled", EM_STALLED, EM_OK},
		{"set components 3; open", "finish 6; set e_start cold; set e_sweeps 1; finish", "fell", EM_DECREASED, EM_OK},
		{"open example three bug=variance", "finish 2", "broken", EM_BROKEN, EM_BREACH},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct desk d;
		char name[64];
		begin(&d, cases[i].open);
		enum em_status st = run(&d, cases[i].line);
		if (st != cases[i].st || verdict(&d) != cases[i].kind)
			fail_msg("%s: verdict %s, %s", cases[i].name, em_verdict_word(verdict(&d)), d.said.s ? d.said.s : "");
		if (cases[i].kind != EM_NOT_CONVERGED) /* the title has the word for what one cannot see */
			sees(&d, em_verdict_word(cases[i].kind));
		if (!d.is_error) /* the view has it */
			buf_free(&d.said);
		snprintf(name, sizeof name, "verdict-%s", cases[i].name);
		golden(&d, name);
		end(&d);
	}
}

static void test_reports(void **state)
{
	(void)state;
	struct desk d;
	begin(&d, "open example coins");
	assert_int_equal(run(&d, "finish 3; branch other; set weights_update fixed; finish 3; compare main other"), EM_OK);
	golden(&d, "compare");
	assert_int_equal(run(&d, "branches"), EM_OK);
	golden(&d, "branches");
	assert_int_equal(run(&d, "diagnose"), EM_OK);
	golden(&d, "diagnose");
	assert_int_equal(run(&d, "restarts 3"), EM_OK);
	golden(&d, "restarts");
	end(&d);
}

static void test_own_keys(void **state)
{
	(void)state;
	struct desk d;
	begin(&d, "open example coins");
	assert_int_equal(run(&d, "bind F5 finish 5; bind x \"finish; show step\"; help"), EM_OK);
	sees(&d, "[? help]");
	assert_int_equal(run(&d, "find \"keys of yours\""), EM_OK);
	sees(&d, "finish; show step");
	golden(&d, "keys");
	assert_int_equal(run(&d, "help; bind q step"), EM_USAGE);
	golden(&d, "kept-key");
	end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_title),
		cmocka_unit_test(test_break),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_own_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
