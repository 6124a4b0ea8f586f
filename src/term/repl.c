/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Commands line by line: edited by readline on a terminal, plain from anything else. Jobs run here and now; Ctrl-C stops them. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "command/command.h"
#include "command/report.h"
#include "term/config.h"
#include "term/env.h"
#include "term/prompt.h"
#include "term/signals.h"
#include "term/term.h"
#include "view/ui.h"

struct repl {
	struct session *session;
	struct cmd_front front;
	struct ui ui;
	bool utf8, interactive, quit;
	int status; /* of the first failure */
	int end;    /* the signal that ends the program, 0 none */
	struct buf input; /* read from standard input and not yet run */
};

/* Whole lines, spelled out where there is only ASCII. */
static void put(const struct repl *r, const char *text)
{
	char *plain = r->utf8 ? NULL : report_ascii(text);
	puts(plain ? plain : text);
	fflush(stdout);
	free(plain);
}

static void complain(struct repl *r, const struct em_err *err)
{
	struct buf b = {0};
	if (err->code == EM_CANCELLED) {
		if (!r->end)
			fputs("elbow: stopped; the run stands where its last whole step left it\n", stderr);
		return;
	}
	text_safe(&b, err->msg, strlen(err->msg));
	fprintf(stderr, "elbow: %s\n", b.s ? b.s : "out of memory");
	buf_free(&b);
	if (!r->status)
		r->status = err->code == EM_BREACH || err->code == EM_FAILED || err->code == EM_MEMORY ? 1 : 2;
}

/* ---- cmd_front ---- */

static bool cancelled(void *self)
{
	(void)self;
	return signals_want_cancel();
}

static void take_signals(struct repl *r)
{
	struct signals got = signals_take();
	if (got.end) {
		r->end = got.end;
		r->quit = true;
	}
}

static bool is_step(enum job_kind kind)
{
	return kind != JOB_OPEN && kind != JOB_SET && kind != JOB_SELFTEST && kind != JOB_LANDSCAPE && kind != JOB_STUDY && kind != JOB_SPLIT && kind != JOB_FRAME && kind != JOB_RACE && kind != JOB_DIAGNOSE && kind != JOB_WHY && kind != JOB_BESIDE &&
	       kind != JOB_BRANCHES && kind != JOB_COMPARE && kind != JOB_RESTARTS && kind != JOB_POINT && kind != JOB_SAVE && kind != JOB_JOURNAL && kind != JOB_SCRIPT && kind != JOB_LABEL && kind != JOB_BIND;
}

static enum em_status submit(void *self, const struct job *job, struct em_err *err)
{
	struct repl *r = self;
	const struct em_hooks hooks = {.self = r, .cancelled = cancelled};
	enum em_status st = session_perform(r->session, job, &hooks, err);
	take_signals(r);
	const struct picture *pic = session_picture(r->session);
	if (!st && is_step(job->kind) && pic->run) { /* where we are now, after whatever moved it */
		struct buf b = {0};
		report_step(&b, pic->run);
		while (b.len && b.s[b.len - 1] == '\n')
			b.s[--b.len] = '\0';
		if (b.len)
			put(r, b.s);
		buf_free(&b);
	}
	picture_release(pic);
	return st;
}

static void print(void *self, const char *text)
{
	put(self, text);
}

static struct canvas *compose(struct repl *r, const struct picture *pic)
{
	int w = 80, h = 24;
	struct ui_status status = {0};
	r->ui.mono = true;
	ui_apply(&r->ui, pic->settings, r->utf8);
	ui_size(em_settings_text(pic->settings, "size"), &w, &h);
	struct canvas *c = canvas_new(w, h, r->ui.glyphs);
	if (!c)
		return NULL;
	c->mono = r->ui.mono;
	ui_draw(&r->ui, pic, &status, c);
	return c;
}

/* The view without the frame, as lines. */
static void put_view(const struct repl *r, const struct canvas *c)
{
	struct buf b = {0};
	canvas_text(c, &b);
	char *line = b.s;
	for (int y = 0; line && *line && y < r->ui.area.y + r->ui.area.h; y++) {
		size_t n = strcspn(line, "\n");
		bool last = !line[n];
		line[n] = '\0';
		if (y >= r->ui.area.y)
			puts(line);
		line += n + !last;
	}
	fflush(stdout);
	buf_free(&b);
}

static enum em_status ui(void *self, int argc, char *const argv[], struct em_err *err)
{
	struct repl *r = self;
	const char *line = NULL;
	const struct picture *pic = session_picture(r->session);
	bool shot = strcmp(argv[0], "screenshot") == 0;
	enum em_status st = shot ? EM_OK : ui_command(&r->ui, pic, argc, argv, &line, err);
	struct canvas *c = st || line ? NULL : compose(r, pic);
	if (!st && !line && !c)
		st = em_no_memory(err);
	else if (c && shot)
		st = ui_screenshot(&r->ui, c, argv[1], argc > 2, err);
	else if (c)
		put_view(r, c);
	canvas_free(c);
	picture_release(pic);
	return st || !line ? st : cmd_execute(&r->front, line, err);
}

static void quit(void *self)
{
	((struct repl *)self)->quit = true;
}

/* ---- lines ---- */

static enum em_status run_line(struct repl *r, const char *line)
{
	struct em_err err = {0};
	enum em_status st = cmd_execute(&r->front, line, &err);
	if (st) {
		err.code = st;
		complain(r, &err);
	}
	return st;
}

/* A line of the user's file; what is wrong with it stops nothing. */
static enum em_status config_line(void *self, const char *line, struct em_err *err)
{
	struct repl *r = self;
	return r->quit ? EM_CANCELLED : cmd_execute(&r->front, line, err);
}

static void run_config(struct repl *r)
{
	struct buf wrong = {0};
	const struct picture *pic = session_picture(r->session);
	if (em_settings_number(pic->settings, "config") != 0)
		config_run(r, config_line, &wrong);
	picture_release(pic);
	if (wrong.s)
		fprintf(stderr, "%s\n", wrong.s);
	buf_free(&wrong);
}

/* A signal between two keys. */
static void answer_signals(struct repl *r)
{
	struct signals got = signals_take();
	if (got.end) {
		r->end = got.end;
		r->quit = true;
	}
	if (got.stop) {
		prompt_bare_suspend();
		signals_stop_self();
		prompt_bare_resume();
	} else if (got.cont) {
		prompt_bare_resume();
	}
	if (got.interrupt)
		prompt_bare_interrupt();
}

/* The next line from readline; NULL at the end of input, or when a signal ends the program. */
static char *edited_line(struct repl *r)
{
	char *line = NULL;
	prompt_bare_begin("elbow> ");
	while (!r->quit) {
		struct pollfd p[2] = {{STDIN_FILENO, POLLIN, 0}, {signals_fd(), POLLIN, 0}};
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			break;
		if (p[1].revents)
			answer_signals(r);
		if (!p[0].revents || r->quit)
			continue;
		const struct picture *pic = session_picture(r->session);
		bool whole = prompt_bare_read(pic->settings, &line);
		picture_release(pic);
		if (whole) {
			if (!line)
				puts("");
			return line;
		}
	}
	prompt_bare_end();
	return NULL;
}

/* More bytes of standard input; false at its end, or when a signal ends the program. */
static bool read_more(struct repl *r)
{
	char part[4096];
	struct pollfd p[2] = {{STDIN_FILENO, POLLIN, 0}, {signals_fd(), POLLIN, 0}};
	while (!r->quit) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return false;
		if (p[1].revents) {
			struct signals got = signals_take();
			r->end = got.end ? got.end : got.interrupt ? SIGINT : 0;
			r->quit = r->end != 0;
			continue;
		}
		ssize_t n = read(STDIN_FILENO, part, sizeof part);
		if (n > 0)
			buf_add(&r->input, part, (size_t)n);
		return n > 0 && !r->input.failed;
	}
	return false;
}

static char *plain_line(struct repl *r)
{
	char *end;
	while (!(end = r->input.len ? memchr(r->input.s, '\n', r->input.len) : NULL) && read_more(r))
		;
	size_t n = end ? (size_t)(end - r->input.s) : r->input.len, used = end ? n + 1 : n;
	if (r->quit || used == 0)
		return NULL;
	char *line = strndup(r->input.s, n);
	r->input.len -= used;
	memmove(r->input.s, r->input.s + used, r->input.len);
	if (line && n > 0 && line[n - 1] == '\r')
		line[n - 1] = '\0';
	return line;
}

static void read_lines(struct repl *r)
{
	while (!r->quit) {
		char *line = r->interactive ? edited_line(r) : plain_line(r);
		if (!line)
			return;
		run_line(r, line);
		free(line);
	}
}

/* Opens, runs the given lines, then those that are typed. */
static void run(struct repl *r, const struct job *open, char *const *lines, size_t n)
{
	struct em_err err = {0};
	enum em_status st = submit(r, open, &err);
	if (st) {
		err.code = st;
		complain(r, &err);
		if (st != EM_CANCELLED)
			return;
	}
	const struct picture *open_now = session_picture(r->session);
	if (!st && open_now->said)
		put(r, open_now->said);
	picture_release(open_now);
	if (!st)
		run_config(r);
	for (size_t i = 0; i < n && !st && !r->quit; i++)
		st = run_line(r, lines[i]);
	if (r->interactive && !r->quit)
		put(r, "help lists the commands, Tab completes them, quit leaves");
	read_lines(r);
}

int term_prompt(struct session *s, const struct job *open, char *const *lines, size_t n)
{
	struct repl r = {.session = s, .utf8 = env_utf8()};
	r.interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	r.front = (struct cmd_front){&r, s, submit, print, ui, quit, false};
	if (!signals_open()) {
		fputs("elbow: the system refuses what the prompt needs; elbow --batch works without\n", stderr);
		return 1;
	}
	ui_init(&r.ui);
	if (r.interactive) {
		char *directory = env_state_directory();
		r.interactive = prompt_setup(false, directory);
		free(directory);
	}
	run(&r, open, lines, n);
	if (r.interactive)
		prompt_teardown();
	ui_close(&r.ui);
	buf_free(&r.input);
	signals_close();
	return r.end ? 128 + r.end : r.status;
}
