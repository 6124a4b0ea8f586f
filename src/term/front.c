/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What commands see of the screen: where jobs go, where text goes, what the screen's own commands do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "term/painter.h"
#include "term/screen.h"

void screen_say(struct screen *s, bool is_error, const char *text)
{
	struct buf b = {0};
	text_safe(&b, text, strlen(text));
	snprintf(s->message, sizeof s->message, "%s", b.s ? b.s : "");
	s->is_error = is_error;
	s->dirty = true;
	buf_free(&b);
}

void screen_forget_lines(struct screen *s)
{
	while (s->lines > 0)
		free(s->line[--s->lines]);
}

void screen_quit(struct screen *s)
{
	const char *what;
	size_t done, of;
	if (!worker_busy(s->worker) || s->ready_to_quit) {
		s->quit = true;
		screen_forget_lines(s);
		worker_cancel(s->worker);
		return;
	}
	char text[160];
	worker_progress(s->worker, &what, &done, &of);
	snprintf(text, sizeof text, "%s is running: Q quits and gives it up, any other key goes on", what ? what : "a job");
	screen_say(s, true, text);
	s->ready_to_quit = true;
}

/* ---- lines ---- */

/* A line of one command that looks, moves or writes what is there need not wait for the worker. */
static bool is_immediate(const char *line)
{
	char name[32];
	const struct cmd *c;
	struct em_err none;
	size_t from = strspn(line, " \t"), n = strcspn(line + from, " \t!");
	if (n >= sizeof name || strchr(line, ';'))
		return false;
	snprintf(name, sizeof name, "%.*s", (int)n, line + from);
	if (n == 0 || cmd_find(name, &c, &none))
		return true; /* an error is told at once */
	return c->group != CMD_STEP && c->group != CMD_DATA && strcmp(c->name, "source") != 0 &&
	       strcmp(c->name, "selftest") != 0;
}

void screen_complain(struct screen *s, const char *text)
{
	screen_say(s, true, text);
	if (!strchr(text, '\n') && (!s->canvas || canvas_width(s->canvas, s->message) <= s->canvas->w - 2))
		return;
	s->message[0] = '\0';
	overlay_set(&s->overlay, text);
}

enum em_status screen_run(struct screen *s, const char *line)
{
	struct em_err err = {0};
	s->running++;
	enum em_status st = cmd_execute(&s->front, line, &err);
	s->running--;
	s->dirty = true;
	if (st == EM_CANCELLED)
		screen_say(s, false, "stopped; the run stands where its last whole step left it");
	else if (st)
		screen_complain(s, err.msg);
	return st;
}

void screen_line(struct screen *s, const char *line)
{
	if (is_immediate(line)) {
		screen_run(s, line);
		return;
	}
	char *copy = s->lines < LINES_MOST ? strdup(line) : NULL;
	if (copy)
		s->line[s->lines++] = copy;
	else
		screen_say(s, true, "too many commands wait; Ctrl-C stops them all");
}

/* ---- cmd_front ---- */

static enum em_status submit(void *self, const struct job *job, struct em_err *err)
{
	struct screen *s = self;
	if (job->kind != JOB_EVIDENCE)
		return screen_wait(self, job, err);
	s->ui.refine = true; /* from now on, while nothing else is to do */
	return worker_submit(s->worker, job) ? EM_OK : em_fail(err, EM_USAGE, "too many jobs wait; Ctrl-C stops them all");
}

/* A line is a message; more of them lie over the screen until a key is pressed. */
void screen_print(void *self, const char *text)
{
	struct screen *s = self;
	if (s->said.len)
		buf_putc(&s->said, '\n');
	buf_puts(&s->said, text);
	if (!s->said.s)
		return;
	while (s->said.len && s->said.s[s->said.len - 1] == '\n')
		s->said.s[--s->said.len] = '\0';
	bool fits = !strchr(s->said.s, '\n') && (!s->canvas || canvas_width(s->canvas, s->said.s) <= s->canvas->w - 2);
	if (fits)
		screen_say(s, false, s->said.s);
	else
		overlay_set(&s->overlay, s->said.s);
	s->dirty = true;
}

void screen_compose(struct screen *s, const struct ui_status *status, const struct picture *pic)
{
	int w, h;
	s->ui.mono = s->no_color || !painter_has_color();
	ui_apply(&s->ui, pic->settings, s->utf8);
	if (!painter_has_color())
		s->ui.mono = true; /* color=always cannot bring what is not there */
	painter_size(&w, &h);
	if (s->canvas->w != w || s->canvas->h != h)
		canvas_resize(s->canvas, w, h);
	s->canvas->glyphs = s->ui.glyphs;
	s->canvas->mono = s->ui.mono;
	ui_draw(&s->ui, pic, status, s->canvas);
}

static enum em_status screenshot(struct screen *s, const struct picture *pic, int argc, char *const argv[],
                                 struct em_err *err)
{
	struct ui_status plain = {0};
	char text[1200];
	screen_compose(s, &plain, pic);
	enum em_status st = ui_screenshot(&s->ui, s->canvas, argv[1], argc > 2, err);
	snprintf(text, sizeof text, "wrote %s", argv[1]);
	if (!st)
		screen_print(s, text);
	return st;
}

/* `leave` where there is nothing to leave quits, but only by a key that says so: Esc is pressed too easily. */
static enum em_status leave(struct screen *s, const struct picture *pic, int argc, char *const argv[], struct em_err *err)
{
	const char *line = NULL;
	const struct view *view = s->ui.view, *back = s->ui.back;
	bool open = s->ui.topic_open;
	enum em_status st = ui_command(&s->ui, pic, argc, argv, &line, err);
	if (view != s->ui.view || back != s->ui.back || open != s->ui.topic_open)
		return st;
	if (strcmp(s->key, "q") == 0)
		screen_quit(s);
	else
		screen_say(s, false, "nothing to leave here; q quits");
	return st;
}

static enum em_status ui(void *self, int argc, char *const argv[], struct em_err *err)
{
	struct screen *s = self;
	const char *line = NULL;
	char copy[sizeof s->ui.line];
	enum em_status st;
	const struct picture *pic = session_picture(s->session);
	if (strcmp(argv[0], "screenshot") == 0)
		st = screenshot(s, pic, argc, argv, err);
	else if (strcmp(argv[0], "leave") == 0)
		st = leave(s, pic, argc, argv, err);
	else
		st = ui_command(&s->ui, pic, argc, argv, &line, err);
	picture_release(pic);
	s->dirty = true;
	if (st || !line)
		return st;
	snprintf(copy, sizeof copy, "%s", line);
	if (s->ticket || s->running == 0) {
		screen_line(s, copy);
		return EM_OK;
	}
	return cmd_execute(&s->front, copy, err);
}

static void quit(void *self)
{
	screen_quit(self);
}

void front_init(struct screen *s)
{
	s->front = (struct cmd_front){s, s->session, submit, screen_print, ui, quit, true};
}
