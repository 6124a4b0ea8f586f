/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The loop of the screen: one poll over keys, worker and signals; frames at most thirty a second, and only when there is
 * something new to see. A key need not wait for the next of them. Nothing here waits for the engine. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "term/config.h"
#include "term/env.h"
#include "term/errlog.h"
#include "term/painter.h"
#include "term/prompt.h"
#include "term/screen.h"
#include "term/signals.h"
#include "term/term.h"

enum { FRAME = 33, KEY_FRAME = 8, KEYS_A_TURN = 64 }; /* milliseconds between frames, and after a key */

static long milliseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- drawing ---- */

static void draw(struct screen *s)
{
	struct ui_status status = {.busy = worker_busy(s->worker), .waiting = s->lines};
	struct prompt_look look = {.cursor = -1};
	const struct picture *pic = session_picture(s->session);
	worker_progress(s->worker, &status.what, &status.done, &status.of);
	if (s->message[0])
		status.message = s->message;
	status.is_error = s->is_error;
	if (prompt_is_open() && s->canvas) {
		int w, h;
		painter_size(&w, &h);
		if (s->canvas->w != w || s->canvas->h != h) /* the prompt is cut to the canvas that will show it */
			canvas_resize(s->canvas, w, h);
		look = prompt_look(s->canvas);
		status.prompt = look.text;
		status.menu = look.menu;
	}
	screen_compose(s, &status, pic);
	picture_release(pic);
	overlay_draw(&s->overlay, s->canvas);
	painter_mouse(s->ui.mouse);
	enum theme theme = s->ui.mono ? THEME_MONO : s->ui.light ? THEME_LIGHT : THEME_DARK;
	painter_paint(s->canvas, theme, status.prompt ? look.cursor : -1, s->canvas->h - 1);
	s->dirty = s->keyed = false;
	s->drawn = milliseconds();
}

/* For tests: this frame is the last word on everything that came in. */
static void fence(struct screen *s)
{
	struct pollfd p[3] = {{painter_fd(), POLLIN, 0}, {worker_fd(s->worker), POLLIN, 0}, {signals_fd(), POLLIN, 0}};
	if (s->sync_fd < 0 || s->dirty || s->more || s->ticket || s->running || s->lines || worker_busy(s->worker) || poll(p, 3, 0) != 0)
		return;
	if (write(s->sync_fd, "", 1) < 0)
		s->sync_fd = -1;
}

/* ---- keys ---- */

static void forget_message(struct screen *s)
{
	s->message[0] = '\0';
	s->is_error = false;
	s->said.len = 0;
	if (s->said.s)
		s->said.s[0] = '\0';
}

/* A search becomes the command that does it. */
static void search(struct screen *s, const char *text)
{
	struct buf b = {0};
	if (!*text) {
		screen_line(s, "find-next");
		return;
	}
	buf_puts(&b, "find \"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_putc(&b, '\\');
		buf_putc(&b, *text);
	}
	buf_putc(&b, '"');
	if (!b.failed)
		screen_line(s, b.s);
	buf_free(&b);
}

static void prompt_answer(struct screen *s, const struct key *k)
{
	char *line = NULL;
	enum prompt_kind kind;
	const struct picture *pic = session_picture(s->session);
	enum prompt_end end = prompt_key(pic->settings, k->bytes, k->n, &line, &kind);
	picture_release(pic);
	if (end == PROMPT_DONE && kind == PROMPT_SEARCH)
		search(s, line);
	else if (end == PROMPT_DONE)
		screen_line(s, line);
	free(line);
}

static void unbound(struct screen *s, const struct key *k)
{
	char text[96];
	if (strcmp(k->name, "Click") == 0 || strncmp(k->name, "Wheel", 5) == 0)
		return;
	snprintf(text, sizeof text, "%s does nothing here; ? lists the keys", k->name);
	screen_say(s, false, text);
}

/* What the user has bound the key to. */
static bool own_line(struct screen *s, const struct key *k, char out[sizeof ((struct bind *)0)->line])
{
	const struct picture *pic = session_picture(s->session);
	bool found = false;
	for (size_t i = 0; i < pic->bound && !found; i++)
		if ((found = strcmp(pic->binds[i].key, k->name) == 0))
			memcpy(out, pic->binds[i].line, sizeof pic->binds[i].line);
	picture_release(pic);
	return found;
}

static void answer(struct screen *s, const struct key *k)
{
	char click[64];
	s->dirty = true;
	if (prompt_is_open()) {
		if (k->n)
			prompt_answer(s, k);
		return;
	}
	bool ready = s->ready_to_quit;
	forget_message(s);
	s->ready_to_quit = false;
	if (overlay_shown(&s->overlay)) {
		overlay_key(&s->overlay, k->name);
		return;
	}
	if (ready && (strcmp(k->name, "Q") == 0 || strcmp(k->name, "q") == 0)) {
		s->ready_to_quit = true;
		screen_quit(s);
		return;
	}
	char own[sizeof ((struct bind *)0)->line];
	const struct cmd_key *bound = cmd_key_find(s->ui.view->name, k->name);
	const char *line = own_line(s, k, own) ? own : bound ? bound->line : NULL;
	if (!line && strcmp(k->name, "C-l") == 0)
		painter_redraw();
	else if (!line && strcmp(k->name, "Click") == 0)
		snprintf(click, sizeof click, "click %d %d", k->x, k->y), line = click;
	else if (!line)
		unbound(s, k);
	if (!line)
		return;
	snprintf(s->key, sizeof s->key, "%s", k->name);
	if (line[0] == ':')
		prompt_open(PROMPT_COMMAND, line + 1);
	else if (line[0] == '/')
		prompt_open(PROMPT_SEARCH, line + 1);
	else
		screen_line(s, line);
	s->key[0] = '\0';
}

static void take_keys(struct screen *s)
{
	struct key k;
	const char *bytes;
	size_t n;
	s->more = false;
	for (int i = 0; i < KEYS_A_TURN && !s->quit; i++)
		switch (painter_event(&k, &bytes, &n)) {
		case EVENT_NONE: return;
		case EVENT_KEY:
			answer(s, &k);
			s->keyed = true;
			break;
		case EVENT_PASTE:
			if (prompt_is_open())
				prompt_paste(bytes, n);
			else
				screen_say(s, false, "pasted text was dropped; : opens the prompt for it");
			s->dirty = true;
			break;
		case EVENT_CLOSED:
			s->quit = true;
			s->status = 128 + SIGHUP;
			worker_cancel(s->worker);
			return;
		}
	s->more = true; /* curses may hold them where poll does not see them */
}

/* ---- signals ---- */

static void interrupt(struct screen *s)
{
	long now = milliseconds();
	bool again = s->interrupted && now - s->interrupted < 1000;
	bool busy = worker_busy(s->worker) || s->lines > 0;
	s->interrupted = now;
	if (busy) {
		screen_forget_lines(s);
		worker_cancel(s->worker);
		s->ui.refine = false; /* until it is asked for again */
		screen_say(s, false, "stopping");
	}
	if (!busy && prompt_is_open()) {
		prompt_close();
	} else if (!busy || again) {
		screen_say(s, false, "press Q to quit");
		s->ready_to_quit = true;
	}
	s->dirty = true;
}

static void suspend(struct screen *s)
{
	painter_suspend();
	signals_rescue_arm(false);
	signals_stop_self();
	signals_rescue_arm(true);
	painter_resume();
	s->dirty = true;
}

static void take_signals(struct screen *s)
{
	struct signals got = signals_take();
	if (got.end) {
		s->quit = true;
		s->status = 128 + got.end;
		screen_forget_lines(s);
		worker_cancel(s->worker);
		return;
	}
	if (got.stop)
		suspend(s);
	else if (got.cont)
		painter_resume();
	if (got.resize)
		painter_resize();
	if (got.interrupt)
		interrupt(s);
	s->dirty |= got.resize || got.cont;
}

/* ---- turns ---- */

static void take_outcomes(struct screen *s)
{
	struct outcome o;
	worker_drain(s->worker);
	while (worker_outcome(s->worker, &o)) {
		if (o.ticket == s->ticket) {
			s->outcome = o;
			s->ticket = 0;
		} else if (o.err.code && o.err.code != EM_CANCELLED) {
			screen_say(s, true, o.err.msg);
		} else if (o.err.code && strcmp(s->message, "stopping") == 0) { /* nobody waits for it to say so */
			screen_say(s, false, o.err.msg[0] ? o.err.msg : "stopped");
		}
	}
	s->dirty = true;
}

/* What the view shown lacks is asked for when nothing else is going on. */
static void ask_for_view(struct screen *s)
{
	struct job job;
	if (s->quit || s->ticket || s->running || s->lines || worker_busy(s->worker))
		return;
	const struct picture *pic = session_picture(s->session);
	if (ui_wants(&s->ui, pic, &job) || ui_refines(&s->ui, pic, &job))
		worker_submit(s->worker, &job);
	picture_release(pic);
}

void screen_turn(struct screen *s)
{
	struct pollfd p[3] = {{painter_fd(), POLLIN, 0}, {worker_fd(s->worker), POLLIN, 0}, {signals_fd(), POLLIN, 0}};
	long now = milliseconds(), left = s->drawn + (s->keyed ? KEY_FRAME : FRAME) - now;
	int timeout = s->more ? 0 : s->dirty ? (left > 0 ? (int)left : 0) : painter_pasting() ? 1000 : -1;
	int n = poll(p, 3, timeout);
	if (n < 0 && errno != EINTR) {
		s->quit = true;
		s->status = 1;
		return;
	}
	if (n == 0 && !s->dirty && !s->more && painter_pasting()) {
		painter_paste_over();
		s->more = true;
	}
	if (n > 0 && p[2].revents)
		take_signals(s);
	if (n > 0 && p[1].revents)
		take_outcomes(s);
	if (p[0].revents || s->more)
		take_keys(s);
	ask_for_view(s);
	if (s->dirty && !s->quit && milliseconds() - s->drawn >= (s->keyed ? KEY_FRAME : FRAME)) {
		draw(s);
		fence(s);
	}
}

enum em_status screen_wait(struct screen *s, const struct job *job, struct em_err *err)
{
	unsigned long ticket = s->quit ? 0 : worker_submit(s->worker, job);
	if (s->quit)
		return em_fail(err, EM_CANCELLED, "elbow is quitting");
	if (!ticket)
		return em_fail(err, EM_USAGE, "too many jobs wait; Ctrl-C stops them all");
	if (s->ticket) /* somebody waits already, further down: the outcome is told when it comes */
		return EM_OK;
	s->ticket = ticket;
	s->dirty = true;
	while (s->ticket == ticket && !s->quit)
		screen_turn(s);
	if (s->ticket) /* it may take its time; worker_stop waits for it, though not for ever */
		return em_fail(err, EM_CANCELLED, "elbow is quitting");
	if (s->outcome.err.code && err)
		*err = s->outcome.err;
	return s->outcome.err.code;
}

/* ---- from start to end ---- */

static bool begin(struct screen *s, struct session *session)
{
	int w, h;
	*s = (struct screen){.session = session, .sync_fd = env_sync_fd(), .utf8 = env_utf8(), .no_color = env_no_color(),
	                     .drawn = milliseconds() - FRAME};
	ui_init(&s->ui);
	front_init(s);
	painter_size(&w, &h);
	s->canvas = canvas_new(w, h, s->utf8 ? GLYPHS_UTF8 : GLYPHS_ASCII);
	s->worker = s->canvas ? worker_start(session) : NULL;
	return s->worker != NULL;
}

static void end(struct screen *s)
{
	screen_forget_lines(s);
	overlay_free(&s->overlay);
	buf_free(&s->said);
	canvas_free(s->canvas);
	ui_close(&s->ui);
}

/* What there is to say of what was opened: a session, and whether it was whole. */
static void say_opened(struct screen *s)
{
	const struct picture *pic = session_picture(s->session);
	if (pic->said)
		screen_print(s, pic->said);
	picture_release(pic);
}

/* A line of the user's file; what is wrong with it stops nothing. */
static enum em_status config_line(void *self, const char *line, struct em_err *err)
{
	struct screen *s = self;
	return s->quit ? EM_CANCELLED : cmd_execute(&s->front, line, err);
}

static void run_config(struct screen *s)
{
	struct buf wrong = {0};
	const struct picture *pic = session_picture(s->session);
	bool wanted = em_settings_number(pic->settings, "config") != 0;
	picture_release(pic);
	if (wanted)
		config_run(s, config_line, &wrong);
	if (wrong.s && !s->quit)
		screen_complain(s, wrong.s);
	s->dirty = true;
	buf_free(&wrong);
}

/* Until quit. *err: why `open` failed. */
static void run(struct screen *s, const struct job *open, char *const *lines, size_t n, struct em_err *err)
{
	s->dirty = true;
	s->running = 1; /* nothing is at rest before everything was run that was asked for at the start */
	enum em_status st = screen_wait(s, open, err);
	if (st == EM_CANCELLED && !s->quit)
		screen_say(s, false, "stopped; nothing is open");
	else if (st)
		return;
	else
		say_opened(s);
	if (!st && !s->quit)
		run_config(s);
	for (size_t i = 0; i < n && !st && !s->quit; i++)
		st = screen_run(s, lines[i]);
	s->running = 0;
	s->dirty = true;
	while (!s->quit) {
		if (s->lines == 0) {
			screen_turn(s);
			continue;
		}
		char *line = s->line[0];
		memmove(s->line, s->line + 1, --s->lines * sizeof *s->line);
		if (screen_run(s, line))
			screen_forget_lines(s);
		free(line);
	}
}

static int failed(const struct em_err *err)
{
	struct buf b = {0};
	text_safe(&b, err->msg, strlen(err->msg));
	fprintf(stderr, "elbow: %s\n", b.s ? b.s : "out of memory");
	buf_free(&b);
	return err->code == EM_BREACH || err->code == EM_FAILED || err->code == EM_MEMORY ? 1 : 2;
}

static void arm_rescue(void)
{
	char bytes[256];
	struct rescue r = {.tty = STDOUT_FILENO, .log = errlog_file(), .err = errlog_real(), .mode = painter_mode(),
	                   .bytes = bytes};
	r.n = painter_farewell(bytes, sizeof bytes);
	signals_rescue(&r);
	signals_rescue_arm(true);
}

/* The screen is open: s, the session, until it is closed. */
static int on_screen(struct session *session, const struct job *open, char *const *lines, size_t n)
{
	struct screen s;
	struct em_err err = {0};
	errlog_begin();
	arm_rescue();
	if (begin(&s, session))
		run(&s, open, lines, n, &err);
	else
		em_no_memory(&err);
	bool stopped = worker_stop(s.worker);
	painter_close();
	signals_rescue_arm(false);
	errlog_end();
	if (!stopped) {
		prompt_teardown();
		_exit(s.status); /* the worker sits in a read that may never return, and holds the session */
	}
	end(&s);
	return err.code && err.code != EM_CANCELLED ? failed(&err) : s.status;
}

/* Why there is no screen, in a line; the prompt takes over. */
static void excuse(enum painter_fault fault)
{
	const char *term = env_term();
	struct buf b = {0};
	text_safe(&b, term, strlen(term));
	if (fault == PAINTER_NO_TTY)
		fputs("elbow: there is no terminal to read keys from; commands are read line by line\n", stderr);
	else if (!*term)
		fputs("elbow: TERM is not set, so there is no screen; commands are read line by line\n", stderr);
	else
		fprintf(stderr, "elbow: the terminal \"%s\" cannot show the screen; commands are read line by line\n",
		        b.s ? b.s : "");
	buf_free(&b);
}

int term_screen(struct session *s, const struct job *open, char *const *lines, size_t n)
{
	enum painter_fault fault = PAINTER_NO_SCREEN;
	int status = 1;
	char *directory = env_state_directory();
	bool ok = signals_open() && prompt_setup(true, directory);
	free(directory);
	if (ok && *env_term())
		fault = painter_open(env_term());
	if (ok && !fault)
		status = on_screen(s, open, lines, n);
	prompt_teardown();
	signals_close();
	if (!ok)
		fputs("elbow: the system refuses what the screen needs; elbow --batch works without\n", stderr);
	if (!ok || !fault)
		return status;
	excuse(fault);
	return term_prompt(s, open, lines, n);
}
