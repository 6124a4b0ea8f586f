/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * elbow: options, and which front end carries the commands out: the screen, the bare prompt, or batch mode. */
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "command/man.h"
#include "command/report.h"
#include "term/term.h"
#include "elbow/session_file.h"
#include "elbow/store.h"
#include "view/ui.h"

enum { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2, STATUS_LIMIT = 3 };
enum { OPT_SEED = 256, OPT_INIT, OPT_PROMPT, OPT_EXAMPLE, OPT_MAN, OPT_JSON, OPT_SESSION, OPT_NO_CONFIG };

struct options {
	struct job open;
	char **lines; /* -e as typed, -x as a `source` command; owned */
	size_t count;
	bool batch, prompt, json;
	const char *session; /* NULL: none */
	bool fresh;          /* an option that a session has an answer to already */
};

struct batch {
	struct session *session;
	struct ui ui;
	bool utf8, quit, json;
	const struct picture *seen; /* json: the run whose steps are told */
};

static int status_of(enum em_status st)
{
	return st == EM_OK ? STATUS_OK : st == EM_USAGE || st == EM_INPUT ? STATUS_USAGE : STATUS_FAILED;
}

/* Where it ended without an error. */
static int status_of_verdict(enum em_verdict_kind k)
{
	return k == EM_DECREASED || k == EM_BROKEN || k == EM_STUCK ? STATUS_FAILED : k == EM_LIMIT ? STATUS_LIMIT : STATUS_OK;
}

static int complain(const struct em_err *err)
{
	struct buf b = {0};
	text_safe(&b, err->msg, strlen(err->msg));
	fprintf(stderr, "elbow: %s\n", b.s ? b.s : err->msg);
	buf_free(&b);
	return status_of(err->code);
}

static bool is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Whole lines to standard output, spelled out where the locale has only ASCII. */
static void put(const char *text, bool utf8)
{
	char *plain = utf8 ? NULL : report_ascii(text);
	puts(plain ? plain : text);
	free(plain);
}

/* ---- batch ---- */

static void json_line(char *text)
{
	if (text)
		puts(text);
	fflush(stdout); /* whoever reads along gets it now */
	free(text);
}

static void json_step(void *self, const struct em_entry *e)
{
	const struct picture *seen = ((struct batch *)self)->seen;
	if (seen && seen->run)
		json_line(em_json_entry(seen->run->problem, e));
}

/* A run begun anew has its entry 0 to tell. */
static void json_look(struct batch *b)
{
	const struct picture *now = session_picture(b->session);
	bool fresh = now->run && now->run->position == 0 && now->run->entries == 1 &&
	             (!b->seen || !b->seen->run || b->seen->run->theta != now->run->theta);
	picture_release(b->seen);
	b->seen = now;
	if (fresh)
		json_step(b, now->run->ledger);
}

static enum em_status batch_submit(void *self, const struct job *job, struct em_err *err)
{
	struct batch *b = self;
	bool steps = b->json && job->kind >= JOB_STEP && job->kind <= JOB_CONTINUE && job->kind != JOB_BACK && job->kind != JOB_GOTO;
	const struct em_hooks hooks = {.self = b, .stepped = json_step};
	enum em_status st = session_perform(b->session, job, steps ? &hooks : NULL, err);
	if (b->json)
		json_look(b);
	return st;
}

static void batch_print(void *self, const char *text)
{
	if (!((struct batch *)self)->json) /* there is nothing but JSON then */
		put(text, ((struct batch *)self)->utf8);
}

static void batch_quit(void *self)
{
	((struct batch *)self)->quit = true;
}

static enum em_status batch_screenshot(struct batch *b, const struct picture *pic, int argc, char *const argv[],
                                       struct em_err *err)
{
	int w = 80, h = 24;
	struct ui_status status = {0};
	ui_size(em_settings_text(pic->settings, "size"), &w, &h);
	struct canvas *c = canvas_new(w, h, b->ui.glyphs);
	if (!c)
		return em_no_memory(err);
	c->mono = b->ui.mono;
	struct job job;
	const struct picture *drawn = NULL;
	if (ui_wants(&b->ui, pic, &job)) { /* here one can wait for it */
		enum em_status st = session_perform(b->session, &job, NULL, err);
		if (st) {
			canvas_free(c);
			return st;
		}
		drawn = session_picture(b->session);
	}
	ui_draw(&b->ui, drawn ? drawn : pic, &status, c);
	picture_release(drawn);
	enum em_status st = ui_screenshot(&b->ui, c, argv[1], argc > 2, err);
	canvas_free(c);
	return st;
}

/* The screen's commands work without one: a script walks through the views and takes pictures. */
static enum em_status batch_ui(void *self, int argc, char *const argv[], struct em_err *err)
{
	struct batch *b = self;
	const char *line = NULL;
	const struct picture *pic = session_picture(b->session);
	ui_apply(&b->ui, pic->settings, b->utf8);
	enum em_status st = strcmp(argv[0], "screenshot") == 0 ? batch_screenshot(b, pic, argc, argv, err)
	                                                       : ui_command(&b->ui, pic, argc, argv, &line, err);
	picture_release(pic);
	struct cmd_front front = {b, b->session, batch_submit, batch_print, batch_ui, batch_quit, false};
	return st || !line ? st : cmd_execute(&front, line, err);
}

/* The report's parts, each from the newest picture. */
static void batch_say(struct batch *b, void (*report)(struct buf *, const struct em_snapshot *))
{
	struct buf out = {0};
	const struct picture *pic = session_picture(b->session);
	report(&out, pic->run);
	while (out.len && out.s[out.len - 1] == '\n')
		out.s[--out.len] = '\0';
	if (out.s)
		put(out.s, b->utf8);
	buf_free(&out);
	picture_release(pic);
}

static void say_ledger(struct buf *b, const struct em_snapshot *s)
{
	report_ledger(b, s, 24);
}

static void say_verdict(struct buf *b, const struct em_snapshot *s)
{
	buf_putc(b, '\n');
	report_step(b, s);
	report_verdict(b, s);
}

static void say_topics(struct buf *b, const struct em_snapshot *s)
{
	buf_putc(b, '\n');
	report_components(b, s, 10);
	buf_puts(b, "\nHow to go on: run elbow in a terminal to step through it; "
	            "`elbow -b -e 'finish 3' -e 'show step'`\nsteps without one; `elbow -b -e help` lists the commands, "
	            "--help the options.\n");
}

/* The main job as text: what was read, the steps to convergence, the verdict, the components, how to go on. */
static enum em_status main_job(struct batch *b, struct em_err *err)
{
	struct cmd_front front = {b, b->session, batch_submit, batch_print, batch_ui, batch_quit, false};
	struct job go_on = {.kind = JOB_CONTINUE};
	enum em_status st = cmd_execute(&front, "show corpus", err);
	if (!b->json)
		puts("");
	fflush(stdout);
	if (!st)
		st = batch_submit(b, &go_on, err);
	if ((st && st != EM_BREACH && st != EM_FAILED) || b->json)
		return st;
	batch_say(b, say_ledger);
	batch_say(b, say_verdict);
	batch_say(b, say_topics);
	return st;
}

static int batch_main(struct session *s, const struct options *o)
{
	struct batch b = {.session = s, .utf8 = is_utf8(), .json = o->json};
	struct cmd_front front = {&b, s, batch_submit, batch_print, batch_ui, batch_quit, false};
	struct em_err err = {0};
	ui_init(&b.ui);
	enum em_status st = batch_submit(&b, &o->open, &err);
	const struct picture *open = session_picture(s);
	if (!st && open->said) /* a session that was opened */
		batch_print(&b, open->said);
	picture_release(open);
	size_t first = o->session != NULL;
	if (!st && first)
		st = cmd_execute(&front, o->lines[0], &err);
	if (!st && o->count == first)
		st = main_job(&b, &err);
	for (size_t i = first; i < o->count && !st && !b.quit; i++)
		st = cmd_execute(&front, o->lines[i], &err);
	ui_close(&b.ui);
	int status = st ? complain(&err) : STATUS_OK;
	const struct picture *end = session_picture(s);
	if (end->run && b.json)
		json_line(em_json_verdict(&end->run->verdict));
	if (!status && end->run)
		status = status_of_verdict(end->run->verdict.kind);
	picture_release(end);
	picture_release(b.seen);
	return status;
}

/* ---- options ---- */

static enum em_status add_line(struct options *o, const char *before, const char *text, struct em_err *err)
{
	char **grown = realloc(o->lines, (o->count + 1) * sizeof *grown);
	struct buf b = {0};
	if (!grown)
		return em_no_memory(err);
	o->lines = grown;
	buf_puts(&b, before);
	for (const char *p = text; *p; p++) { /* a file name is one word of the command */
		if (*before && strchr(" \t\"'\\;#!", *p))
			buf_putc(&b, '\\');
		buf_putc(&b, *p);
	}
	char *line = buf_take(&b);
	if (!line)
		return em_no_memory(err);
	o->lines[o->count++] = line;
	return EM_OK;
}

static enum em_status set(struct session *s, const char *name, const char *value, struct em_err *err)
{
	struct job job = {.kind = JOB_SET};
	if (strlen(name) >= sizeof job.name || strlen(value) >= sizeof job.text)
		return em_fail(err, EM_USAGE, "--set: the name or the value is too long");
	strcpy(job.name, name);
	strcpy(job.text, value);
	return session_perform(s, &job, NULL, err);
}

static enum em_status set_pair(struct session *s, const char *pair, struct em_err *err)
{
	char name[64];
	const char *equals = strchr(pair, '=');
	if (!equals || equals == pair || (size_t)(equals - pair) >= sizeof name)
		return em_fail(err, EM_USAGE, "--set %s: give NAME=VALUE", pair);
	memcpy(name, pair, (size_t)(equals - pair));
	name[equals - pair] = '\0';
	return set(s, name, equals + 1, err);
}

static enum em_status copy_path(char *to, size_t size, const char *path, struct em_err *err)
{
	if (strlen(path) >= size)
		return em_fail(err, EM_USAGE, "a path of %zu bytes; %zu is the most", strlen(path), size - 1);
	strcpy(to, path);
	return EM_OK;
}

static const char short_options[] = "m:k:s:e:x:bhV";
static const struct option longs[] = {
	{"model", 1, NULL, 'm'},   {"components", 1, NULL, 'k'}, {"set", 1, NULL, 's'},          {"seed", 1, NULL, OPT_SEED},
	{"init", 1, NULL, OPT_INIT}, {"execute", 1, NULL, 'e'},  {"script", 1, NULL, 'x'},       {"batch", 0, NULL, 'b'},
	{"prompt", 0, NULL, OPT_PROMPT}, {"example", 1, NULL, OPT_EXAMPLE}, {"man", 0, NULL, OPT_MAN}, {"json", 0, NULL, OPT_JSON}, {"session", 1, NULL, OPT_SESSION}, {"no-config", 0, NULL, OPT_NO_CONFIG},
	{"help", 0, NULL, 'h'},    {"version", 0, NULL, 'V'},    {NULL, 0, NULL, 0},
};

/* The first example that is the model's own, else the first it can have; NULL: none. */
static const char *example_of(const char *model)
{
	const struct em_example *e, *found = NULL;
	for (size_t i = 0; (e = em_example_at(i)); i++)
		for (size_t m = 0; e->models[m]; m++)
			if (strcmp(e->models[m], model) == 0 && (!found || (m == 0 && strcmp(found->models[0], model) != 0)))
				found = e;
	return found ? found->name : NULL;
}

/* The model decides which settings there are, an example which values they begin with: both come before the rest, wherever
 * they stand. A model that takes other data than the built-in corpus opens the first example it has. */
static enum em_status choose(struct session *s, int argc, char *argv[], struct options *o, struct em_err *err)
{
	const char *model = NULL, *example = NULL;
	struct job preset = {.kind = JOB_PRESET};
	enum em_status st = EM_OK;
	int c;
	opterr = 0;
	while ((c = getopt_long(argc, argv, short_options, longs, NULL)) != -1)
		if (c == 'm')
			model = optarg;
		else if (c == OPT_EXAMPLE)
			example = optarg;
	bool data = optind < argc;
	opterr = 1;
	optind = 0;
	if (example && data)
		return em_fail(err, EM_USAGE, "--example %s and the data %s; give one of the two", example, argv[argc - 1]);
	if (model)
		st = set(s, "model", model, err);
	if (!st && model && !example && !data && em_model_named(model)->takes != EM_DATA_CORPUS)
		example = example_of(model);
	if (st || !example)
		return st;
	snprintf(preset.name, sizeof preset.name, "%s", example);
	snprintf(o->open.name, sizeof o->open.name, "%s", example);
	st = session_perform(s, &preset, NULL, err);
	const struct picture *pic = session_picture(s);
	if (!st && model && strcmp(em_settings_text(pic->settings, "model"), model) != 0)
		st = em_fail(err, EM_USAGE, "the example %s is not for %s but for %s", example, model, em_settings_text(pic->settings, "model"));
	picture_release(pic);
	return st;
}

static enum em_status option(struct session *s, struct options *o, int c, const char *arg, struct em_err *err)
{
	switch (c) {
	case OPT_SESSION: o->session = arg; return EM_OK;
	case OPT_NO_CONFIG: return set(s, "config", "off", err);
	case 'm':
	case OPT_EXAMPLE: o->fresh = true; return EM_OK; /* taken in the first pass */
	case 'k': o->fresh = true; return set(s, "components", arg, err);
	case 's': return set_pair(s, arg, err);
	case 'e': return add_line(o, "", arg, err);
	case 'x': return add_line(o, "source ", arg, err);
	case 'b': o->batch = true; return EM_OK;
	case OPT_SEED: o->fresh = true; return set(s, "seed", arg, err);
	case OPT_INIT: o->fresh = true; return copy_path(o->open.init, sizeof o->open.init, arg, err);
	case OPT_JSON: o->json = o->batch = true; return EM_OK;
	case OPT_PROMPT: o->prompt = true; return EM_OK;
	default: return em_fail(err, EM_USAGE, "see elbow --help");
	}
}

/* What prints and ends: help, version, man. */
static bool informed(int c, struct session *s)
{
	struct buf b = {0};
	const struct picture *pic = session_picture(s);
	if (c == 'h')
		man_usage(&b);
	else if (c == 'V')
		buf_puts(&b, "elbow " ELBOW_VERSION "\n");
	else if (c == OPT_MAN)
		man_page(&b, pic->settings);
	picture_release(pic);
	bool any = b.len > 0;
	if (any)
		fputs(b.s, stdout);
	buf_free(&b);
	return any;
}

/* --session FILE: a session that is there is what is opened; else FILE is begun with what is. */
static enum em_status session_option(struct options *o, const char *data, struct em_err *err)
{
	bool there = o->session && em_file_is(o->session), opens = there || (data && strcmp(data, "-") != 0 && em_file_is(data));
	if (opens && o->fresh)
		return em_fail(err, EM_USAGE, "%s: a session has its model, settings and start; open it without -m, -k, --seed, --init, --example", there ? o->session : data);
	if (!o->session)
		return EM_OK;
	if (there && data)
		return em_fail(err, EM_USAGE, "%s: a session, which has its data; %s is too many", o->session, data);
	enum em_status st = EM_OK;
	if (there) {
		o->open.kind = JOB_JOURNAL;
		st = copy_path(o->open.text, sizeof o->open.text, o->session, err);
	}
	if (!st)
		st = add_line(o, "journal ", o->session, err);
	for (size_t i = o->count; !st && i-- > 1;) { /* before everything else that is to run */
		char *line = o->lines[i];
		o->lines[i] = o->lines[i - 1];
		o->lines[i - 1] = line;
	}
	return st;
}

/* -1: go on. */
static int read_options(int argc, char *argv[], struct session *s, struct options *o)
{
	struct em_err err = {0};
	enum em_status st = EM_OK;
	int c;
	st = choose(s, argc, argv, o, &err);
	while (!st && (c = getopt_long(argc, argv, short_options, longs, NULL)) != -1) {
		if (informed(c, s))
			return STATUS_OK;
		if (c == '?') /* getopt has said what is wrong */
			return STATUS_USAGE;
		st = option(s, o, c, optarg, &err);
	}
	if (!st && argc - optind > 1)
		st = em_fail(&err, EM_USAGE, "one DATA at a time; \"%s\" is too many", argv[optind + 1]);
	if (!st)
		st = session_option(o, optind < argc ? argv[optind] : NULL, &err);
	if (!st && optind < argc)
		st = copy_path(o->open.text, sizeof o->open.text, argv[optind], &err);
	return st ? complain(&err) : -1;
}

/* A full disk or a broken output is a failure even when everything else went well; a reader that left is none. */
static int close_output(int status)
{
	if (fflush(stdout) != 0 && errno != EPIPE) {
		fprintf(stderr, "elbow: standard output: %s; nothing more could be written\n", strerror(errno));
		return STATUS_FAILED;
	}
	if (ferror(stdout) && errno != EPIPE)
		return STATUS_FAILED;
	return status;
}

int main(int argc, char *argv[])
{
	struct options o = {.open = {.kind = JOB_OPEN}};
	setlocale(LC_CTYPE, ""); /* numbers keep their point */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of writing like any other */
	struct session *s = session_new(&ui_settings);
	if (!s) {
		fputs("elbow: out of memory\n", stderr);
		return STATUS_FAILED;
	}
	int status = read_options(argc, argv, s, &o);
	if (status < 0) {
		if (o.prompt && !o.batch)
			status = term_prompt(s, &o.open, o.lines, o.count);
		else if (o.batch || !isatty(STDOUT_FILENO))
			status = batch_main(s, &o);
		else
			status = term_screen(s, &o.open, o.lines, o.count);
	}
	for (size_t i = 0; i < o.count; i++)
		free(o.lines[i]);
	free(o.lines);
	session_free(s);
	return close_output(status);
}
