/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An opening names every setting that is not at its default, so that the script needs nothing from the command line it came from. Looks leave no
 * line; a job that was interrupted leaves the steps it made. */
#include "command/script.h"

#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/held.h"
#include "elbow/kept.h"

void script_free(struct script *x)
{
	for (size_t i = 0; i < x->count; i++)
		free(x->line[i]);
	free(x->line);
	*x = (struct script){0};
}

enum em_status script_add(struct script *x, const char *line, struct em_err *err)
{
	if (x->count == x->room) {
		size_t room = 2 * x->room + 16;
		char **grown = realloc(x->line, room * sizeof *grown);
		if (!grown)
			return em_no_memory(err);
		x->line = grown;
		x->room = room;
	}
	if (!(x->line[x->count] = strdup(line)))
		return em_no_memory(err);
	x->count++;
	return EM_OK;
}

void script_word(struct buf *b, const char *word)
{
	if (!*word)
		buf_puts(b, "\"\"");
	for (; *word; word++) {
		if (strchr(" \t\"'\\;#!", *word))
			buf_putc(b, '\\');
		buf_putc(b, *word);
	}
}

char *script_text(const struct script *x)
{
	struct buf b = {0};
	buf_puts(&b, "# What was done, as commands of elbow " ELBOW_VERSION ": elbow -x FILE does it again, to the bit.\n");
	for (size_t i = 0; i < x->count; i++)
		buf_printf(&b, "%s\n", x->line[i]);
	return buf_take(&b);
}

/* ---- a job as a line ---- */

static bool of_screen(const struct session *s, const char *name)
{
	for (size_t i = 0; s->screen && i < s->screen->count; i++)
		if (strcmp(s->screen->rows[i].name, name) == 0)
			return true;
	return false;
}

static bool example_sets(const struct em_example *e, const char *name)
{
	for (size_t i = 0; e && e->settings && e->settings[i][0]; i++)
		if (strcmp(e->settings[i][0], name) == 0)
			return true;
	return false;
}

static void put_setting(const struct session *s, const struct em_setting *row, struct buf *b)
{
	char value[1100];
	em_settings_show(s->settings, row->name, value, sizeof value);
	buf_printf(b, " %s=", row->name);
	if (*value)
		script_word(b, value);
}

static void opened(const struct session *s, struct buf *b)
{
	const struct em_example *e = world_example(s->world);
	const struct em_setting *row;
	char value[1100];
	buf_puts(b, "open ");
	if (e)
		buf_printf(b, "example %s", e->name);
	else if (*s->path)
		script_word(b, s->path);
	else
		buf_puts(b, "\"\"");
	put_setting(s, em_settings_row(s->settings, "model"), b);
	for (size_t i = 0; (row = em_settings_at(s->settings, i)); i++)
		if (!of_screen(s, row->name) && strcmp(row->name, "model") != 0 &&
		    (example_sets(e, row->name) || strcmp(em_settings_show(s->settings, row->name, value, sizeof value), row->fallback) != 0))
			put_setting(s, row, b);
	if (*s->init) {
		buf_puts(b, "\ninit ");
		script_word(b, s->init);
	}
}

static void until(const struct job *job, struct buf *b)
{
	buf_puts(b, "continue");
	switch (job->until.kind) {
	case UNTIL_CONVERGED: break;
	case UNTIL_ITERATION: buf_printf(b, " until iteration %.0f", job->until.value); break;
	case UNTIL_GAIN: buf_printf(b, " until gain < %.17g", job->until.value); break;
	case UNTIL_ELBO: buf_printf(b, " until elbo > %.17g", job->until.value); break;
	case UNTIL_KL: buf_printf(b, " until kl < %.17g", job->until.value); break;
	case UNTIL_HOLDS: buf_printf(b, " until %s", job->text); break;
	}
}

static unsigned rank_of(const struct session *s, const char *array)
{
	const struct em_layout *l = &em_run_problem(s->run)->layout;
	for (unsigned i = 0; i < l->theta_arrays; i++)
		if (strcmp(l->theta[i].name, array) == 0)
			return l->theta[i].rank;
	for (unsigned i = 0; i < l->q_arrays; i++)
		if (strcmp(l->q[i].name, array) == 0)
			return l->q[i].rank;
	return 3;
}

static void edited(const struct session *s, const struct job *job, struct buf *b)
{
	buf_printf(b, "set %s", job->name);
	for (unsigned i = 0; i < rank_of(s, job->name) && i < 3; i++)
		buf_printf(b, "[%zu]", job->at[i] + 1);
	buf_printf(b, " %.17g", job->value);
}

static const char *const sizes[] = {"step", "sweep", "next", "finish"};

/* The steps from `before` to where the run stands, as they were made. */
static void made(const struct session *s, size_t before, struct buf *b)
{
	size_t now = em_run_entry(s->run)->step, count = 0;
	enum em_size last = EM_UNIT;
	for (size_t i = before + 1; i <= now + 1; i++) {
		struct em_kept k = {.size = EM_UNIT};
		if (i <= now)
			em_run_kept(s->run, i, &k);
		if (count && (i > now || k.size != last)) {
			buf_printf(b, "%s%s %zu", b->len ? "\n" : "", sizes[last], count);
			count = 0;
		}
		last = k.size;
		count++;
	}
}

static void exact_evidence(const struct job *job, struct buf *b)
{
	buf_puts(b, "evidence! exact");
	for (size_t i = 0; i < job->ask.ranges; i++)
		buf_printf(b, "%s%zu-%zu", i ? "," : " ", job->ask.range[i].from + 1, job->ask.range[i].to);
}

static void line_of(const struct session *s, const struct job *job, struct buf *b)
{
	switch (job->kind) {
	case JOB_OPEN:
	case JOB_EXAMPLE: opened(s, b); break;
	case JOB_RESTART:
		buf_puts(b, *job->init ? "init " : "restart");
		if (*job->init)
			script_word(b, job->init);
		break;
	case JOB_STEP: buf_printf(b, "%s %zu", sizes[job->size], job->count); break;
	case JOB_PHASE: buf_printf(b, "%s %zu", job->m ? "m" : "e", job->count); break;
	case JOB_BACK: buf_printf(b, "back %zu", job->count); break;
	case JOB_GOTO: buf_printf(b, "goto %zu", em_run_entry(s->run)->step); break;
	case JOB_LABEL:
		buf_puts(b, "label ");
		script_word(b, job->name);
		break;
	case JOB_CONTINUE: until(job, b); break;
	case JOB_SET:
		if (of_screen(s, job->name))
			break;
		buf_printf(b, "set %s ", job->name);
		script_word(b, job->text);
		break;
	case JOB_EDIT: edited(s, job, b); break;
	case JOB_POINT:
		buf_printf(b, "%s %s", job->name, job->text);
		if (!*job->text && job->count)
			buf_printf(b, "%zu", job->count);
		break;
	case JOB_EVIDENCE:
		if (job->ask.exact)
			exact_evidence(job, b);
		break;
	case JOB_BRANCH:
		buf_puts(b, "branch ");
		script_word(b, s->branches.all[s->branches.current].name);
		break;
	case JOB_SWITCH:
		buf_puts(b, "switch ");
		script_word(b, job->name);
		break;
	case JOB_RESTARTS: buf_printf(b, "restarts %zu", job->count); break;
	case JOB_BESIDE: buf_printf(b, "beside %s", *job->text ? job->text : "off"); break;
	default: break;
	}
}

static bool steps(enum job_kind k)
{
	return k == JOB_STEP || k == JOB_PHASE || k == JOB_CONTINUE;
}

enum em_status script_note(struct session *s, const struct job *job, enum em_status st, size_t before, struct em_err *err)
{
	struct buf b = {0};
	if (!s->run || (st && !steps(job->kind)))
		return EM_OK;
	if (st)
		made(s, before, &b);
	else
		line_of(s, job, &b);
	enum em_status added = b.failed ? em_no_memory(err) : EM_OK;
	for (char *line = b.s; line && *line && !added;) {
		char *end = line + strcspn(line, "\n"), *next = *end ? end + 1 : end;
		*end = '\0';
		added = script_add(&s->script, line, err);
		line = next;
	}
	buf_free(&b);
	return added;
}
