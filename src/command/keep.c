/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/keep.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"
#include "base/text.h"
#include "command/held.h"
#include "elbow/kept.h"

/* ---- to the file ---- */

/* What is open, or NULL: of branch i. */
static struct branch branch_at(const struct session *s, size_t i)
{
	struct branch b = s->branches.all[i];
	if (i == s->branches.current) {
		b.run = s->run;
		b.settings = s->settings;
		b.world = s->world;
		memcpy(b.path, s->path, sizeof b.path);
		memcpy(b.init, s->init, sizeof b.init);
	}
	return b;
}

static enum em_status head_of(const struct branch *b, struct em_file_branch *out, struct em_err *err)
{
	const struct em_example *e = world_example(b->world);
	*out = (struct em_file_branch){.at = b->at, .position = em_run_entry(b->run)->step, .data.sum = world_sum(b->world)};
	snprintf(out->name, sizeof out->name, "%s", b->name);
	snprintf(out->from, sizeof out->from, "%s", b->from);
	snprintf(out->init, sizeof out->init, "%s", b->init);
	snprintf(out->data.model, sizeof out->data.model, "%s", world_model(b->settings)->name);
	snprintf(out->data.example, sizeof out->data.example, "%s", e ? e->name : "");
	if (e || !*b->path)
		return EM_OK;
	if (strcmp(b->path, "-") == 0)
		return em_fail(err, EM_USAGE, "the data came from standard input, which cannot be read again; put them in a file and open that");
	char *whole = realpath(b->path, NULL);
	const char *path = whole ? whole : b->path;
	enum em_status st = strlen(path) < sizeof out->data.path ? EM_OK : em_fail(err, EM_USAGE, "%.60s...: too long a path to keep", path);
	if (!st)
		memcpy(out->data.path, path, strlen(path) + 1);
	free(whole);
	return st;
}

/* The settings of the screen are none of the session's file. */
static struct em_settings *without_screen(const struct session *s, const struct em_settings *all)
{
	const struct em_setting_table *tables[SESSION_TABLES];
	size_t n = session_tables(s, world_model(all), tables);
	return em_settings_rebase(all, tables, s->screen ? n - 1 : n);
}

static enum em_status put_branch(struct session *s, struct em_file *f, size_t i, size_t from, bool last, struct em_err *err)
{
	struct branch b = branch_at(s, i);
	struct em_file_branch head;
	enum em_status st = b.run ? head_of(&b, &head, err) : em_fail(err, EM_USAGE, "nothing is open; open data first");
	struct em_settings *settings = st ? NULL : without_screen(s, b.settings);
	if (!st)
		st = settings ? em_file_put_branch(f, i, &head, settings, b.run, from, last, err) : em_no_memory(err);
	em_settings_release(settings);
	return st;
}

static enum em_status put_lists(const struct session *s, struct em_file *f, struct em_err *err)
{
	enum em_status st = EM_OK;
	size_t i, k;
	struct buf b = {0};
	for (i = 0; !st && breaks_save(&s->breaks, i, &b); i++) {
		st = b.s ? em_file_put_line(f, "breakpoint", i, b.s, err) : em_no_memory(err);
		buf_free(&b);
	}
	buf_free(&b);
	for (k = 0; !st && labels_save(&s->labels, k, &b); k++) {
		st = b.s ? em_file_put_line(f, "label", k, b.s, err) : em_no_memory(err);
		buf_free(&b);
	}
	buf_free(&b);
	st = st ? st : em_file_cut(f, "label", k, err);
	return st ? st : em_file_cut(f, "breakpoint", i, err);
}

static enum em_status put_script(const struct session *s, struct em_file *f, size_t from, struct em_err *err)
{
	enum em_status st = EM_OK;
	for (size_t i = from; i < s->script.count && !st; i++)
		st = em_file_put_line(f, "command", i, s->script.line[i], err);
	return st;
}

/* lines: of the script that are there already. */
static enum em_status put_all(struct session *s, struct em_file *f, size_t lines, bool last, struct em_err *err)
{
	enum em_status st = em_file_begin(f, err);
	if (st)
		return st;
	for (size_t i = 0; i < s->branches.count && !st; i++)
		st = put_branch(s, f, i, 0, last, err);
	if (!st)
		st = put_lists(s, f, err);
	if (!st)
		st = put_script(s, f, lines, err);
	if (!st)
		st = em_file_put_current(f, s->branches.current, s->branches.count, err);
	if (!st)
		st = em_file_commit(f, err);
	if (st)
		em_file_undo(f);
	return st;
}

/* Whether a path leads to the journal's file. */
static bool is_journal(const struct session *s, const char *path)
{
	struct stat st;
	return s->keep.file && stat(path, &st) == 0 && st.st_dev == s->keep.device && st.st_ino == s->keep.inode;
}

static void remember(struct keep *k, struct em_file *f, const char *path, size_t lines)
{
	struct stat st = {0};
	stat(path, &st);
	*k = (struct keep){.file = f, .lines = lines, .device = st.st_dev, .inode = st.st_ino};
	snprintf(k->path, sizeof k->path, "%s", path);
}

enum em_status keep_save(struct session *s, const char *path, bool replace, struct em_err *err)
{
	struct em_file *f = NULL;
	if (is_journal(s, path))
		return em_fail(err, EM_USAGE, "%s: every step goes into it already; save to another", path);
	enum em_status st = em_file_create(NULL, &f, err);
	if (!st)
		st = put_all(s, f, 0, true, err);
	if (!st)
		st = em_file_copy(f, path, replace, err);
	em_file_close(f);
	return st;
}

static void drop(struct keep *k)
{
	em_file_close(k->file);
	*k = (struct keep){0};
}

/* The run is whole; only its journal ends. */
static enum em_status lost(struct session *s, struct em_err *err)
{
	char why[400];
	snprintf(why, sizeof why, "%s", err->msg);
	drop(&s->keep);
	return em_fail(err, EM_IO, "%.330s; the journal ends here, the run is not touched", why);
}

enum em_status keep_entry(struct session *s, struct em_err *err)
{
	struct keep *k = &s->keep;
	struct em_err own = {0};
	if (!k->file || !s->run)
		return EM_OK;
	enum em_status st = em_file_begin(k->file, &own);
	if (!st)
		st = put_branch(s, k->file, s->branches.current, em_run_entry(s->run)->step, false, &own);
	if (!st)
		st = em_file_commit(k->file, &own);
	if (!st)
		return EM_OK;
	st = lost(s, &own);
	if (err)
		*err = own;
	return st;
}

enum em_status keep_job(struct session *s, struct em_err *err)
{
	struct keep *k = &s->keep;
	struct em_err own = {0};
	if (!k->file || !s->run)
		return EM_OK;
	if (k->lines > s->script.count)
		k->lines = s->script.count;
	enum em_status st = is_journal(s, k->path) ? EM_OK : em_fail(&own, EM_IO, "%s: somebody took it away or put another in its place", k->path);
	if (!st)
		st = put_all(s, k->file, k->lines, false, &own);
	k->lines = s->script.count;
	if (!st)
		return EM_OK;
	st = lost(s, &own);
	if (err)
		*err = own;
	return st;
}

void keep_close(struct session *s)
{
	if (s->keep.file && s->run)
		put_all(s, s->keep.file, s->keep.lines, true, NULL);
	drop(&s->keep);
}

/* ---- from the file ---- */

/* What is being opened. */
struct opening {
	struct session *s;
	const char *path;
	struct em_file *f;
	struct branches all;
	struct breaks breaks;
	struct labels labels;
	struct script script;
	struct buf said;
	bool write, damaged;
};

static void opening_free(struct opening *o)
{
	branches_free(&o->all);
	breaks_free(&o->breaks);
	script_free(&o->script);
	labels_free(&o->labels);
	buf_free(&o->said);
}

/* Data that one of the branches before has already; NULL: none. */
static struct world *world_before(const struct opening *o, const struct branch *b, const struct em_file_data *d)
{
	const struct em_model *m = world_model(b->settings);
	for (size_t i = 0; i + 1 < o->all.count; i++) {
		const struct branch *x = o->all.all + i;
		const struct em_example *e = world_example(x->world);
		if (world_sum(x->world) == d->sum && world_data(x->world)->kind == m->takes && strcmp(e ? e->name : "", d->example) == 0)
			return world_retain(x->world);
	}
	return NULL;
}

/* The path as it was; where that is gone, a file of the same name beside the session's. */
static void find_data(const struct opening *o, const struct em_file_data *d, char *out, size_t size)
{
	const char *slash = strrchr(o->path, '/'), *name = strrchr(d->path, '/');
	snprintf(out, size, "%s", d->path);
	if (*d->path && access(d->path, F_OK) != 0 && name)
		snprintf(out, size, "%.*s%s", slash ? (int)(slash + 1 - o->path) : 0, o->path, name + 1);
	if (access(out, F_OK) != 0)
		snprintf(out, size, "%s", d->path);
}

static enum em_status open_world(const struct opening *o, struct branch *b, const struct em_file_data *d, struct em_err *err)
{
	const struct em_example *e = *d->example ? em_example_named(d->example) : NULL;
	if (*d->example && !e)
		return em_fail(err, EM_INPUT, "%s: is about the example %s, which this elbow does not have", o->path, d->example);
	if ((b->world = world_before(o, b, d)))
		return EM_OK;
	char path[sizeof d->path];
	find_data(o, d, path, sizeof path);
	enum em_status st = world_open(world_model(b->settings), path, e, b->settings, &b->world, err);
	if (!st && world_sum(b->world) != d->sum)
		st = em_fail(err, EM_INPUT, "%s: its data %s changed since; put them back as they were, or open %s anew", o->path,
		             e ? e->name : *path ? path : "gazette", e ? "the example" : "them");
	memcpy(b->path, path, sizeof b->path);
	return st;
}

/* Entries from the first on that cannot be made again are of no use. Entry 0 can where its start is known. */
static enum em_status mend(const struct branch *b, struct em_file_kept *k, struct em_err *err)
{
	for (size_t i = 0; i < k->count; i++)
		if (k->all[i].state && !em_kept_whole(k->all + i)) {
			free((void *)(uintptr_t)k->all[i].state);
			k->all[i].state = NULL;
			k->damaged = true;
		}
	if (k->count && !k->all[0].state) {
		struct em_run *fresh = NULL;
		void *bytes = NULL;
		enum em_status st = world_run(b->world, b->settings, b->init, NULL, &fresh, err);
		if (!st && memcmp(&em_run_entry(fresh)->elbo, &k->all[0].entry.elbo, sizeof(double)) != 0)
			st = em_fail(err, EM_INPUT, "its start is lost");
		if (!st)
			st = em_run_pack(fresh, 0, &bytes, &k->all[0].bytes, err);
		k->all[0].state = bytes;
		em_run_free(fresh);
		k->damaged = true;
		if (st)
			return st;
	}
	for (size_t i = 1; i < k->count; i++)
		if (k->all[i].entry.phase == EM_EDIT && !k->all[i].state) {
			k->damaged = true;
			while (k->count > i)
				free((void *)(uintptr_t)k->all[--k->count].state);
		}
	return EM_OK;
}

static enum em_status revive(struct opening *o, size_t i, struct branch *b, size_t position, const struct em_hooks *h, struct em_err *err)
{
	const struct em_model *m = world_model(b->settings);
	const struct em_setting_table *tables[] = {m->settings, &em_run_settings, em_data_settings(m->takes)};
	struct em_settings *own = em_settings_rebase(b->settings, tables, 3);
	struct em_file_kept k = {0};
	size_t lost = 0;
	enum em_status st = own ? em_file_ledger(o->f, i, tables, 3, &k, err) : em_no_memory(err);
	if (!st)
		st = mend(b, &k, err);
	if (!st && k.count == 0)
		st = em_fail(err, EM_INPUT, "%s: damaged: of the branch %s nothing can be read", o->path, b->name);
	size_t at = position < k.count ? position : k.count ? k.count - 1 : 0;
	if (!st)
		st = em_run_revive(m, world_data(b->world), own, &em_evidence_exact, k.all, k.count, at, h, &b->run, &lost, err);
	if (st == EM_BREACH) { /* another machine's arithmetic: the nearest state that needs none */
		buf_printf(&o->said, "%s: %s; it stands at the last state that was kept\n", b->name, err->msg);
		while (at > 0 && !k.all[at].state)
			at--;
		k.count = at + 1;
		st = em_run_revive(m, world_data(b->world), own, &em_evidence_exact, k.all, k.count, at, h, &b->run, &lost, err);
	}
	if (!st && (k.damaged || lost || at < position)) {
		o->damaged = true;
		buf_printf(&o->said, "%s: damaged: of the branch %s steps 0 to %zu can be read%s\n", o->path, b->name, k.count - 1,
		           at < position ? "; what came after is lost" : "; what else cannot was made again");
	}
	em_file_kept_free(&k);
	em_settings_release(own);
	return st;
}

/* The screen's settings as they are now. */
static enum em_status same_screen(const struct session *s, struct em_settings **settings, struct em_err *err)
{
	enum em_status st = EM_OK;
	char value[1100];
	for (size_t i = 0; s->screen && i < s->screen->count && !st; i++) {
		const char *name = s->screen->rows[i].name;
		st = em_settings_put(settings, name, em_settings_show(s->settings, name, value, sizeof value), err);
	}
	return st;
}

/* Whatever is wrong with what the file says is damage, told with its name. */
static enum em_status as_damage(const struct opening *o, enum em_status st, struct em_err *err)
{
	char why[400];
	if ((st != EM_USAGE && st != EM_INPUT) || strncmp(err->msg, o->path, strlen(o->path)) == 0)
		return st;
	snprintf(why, sizeof why, "%s", err->msg);
	return em_fail(err, EM_INPUT, "%s: damaged: %s", o->path, why);
}

static enum em_status read_branch(struct opening *o, size_t i, const struct em_hooks *h, struct em_err *err)
{
	const struct em_setting_table *tables[SESSION_TABLES];
	struct em_file_branch head;
	struct branch *b = NULL;
	char model[32];
	enum em_status st = em_file_model(o->f, i, model, sizeof model, err);
	const struct em_model *m = st ? NULL : em_model_named(model);
	if (!st && !m)
		st = em_fail(err, EM_INPUT, "%s: a run of the model %s, which this elbow does not have", o->path, model);
	struct em_settings *settings = NULL;
	if (!st)
		st = em_file_branch(o->f, i, tables, session_tables(o->s, m, tables), &head, &settings, err);
	if (!st)
		st = em_settings_put(&settings, "model", model, err);
	if (!st)
		st = same_screen(o->s, &settings, err);
	if (!st)
		st = branches_add(&o->all, head.name, &b, err);
	if (st) {
		em_settings_release(settings);
		return as_damage(o, st, err);
	}
	b->settings = settings;
	b->at = head.at;
	memcpy(b->from, head.from, sizeof b->from);
	memcpy(b->init, head.init, sizeof b->init);
	st = open_world(o, b, &head.data, err);
	return st ? st : as_damage(o, revive(o, i, b, head.position, h, err), err);
}

static enum em_status add_command(struct script *x, const char *line, struct em_err *err)
{
	for (const char *p = line; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return em_fail(err, EM_INPUT, "a command with control characters");
	return script_add(x, line, err);
}

static enum em_status read_lists(struct opening *o, struct em_err *err)
{
	char *line = NULL;
	enum em_status st = EM_OK;
	for (size_t i = 0; !st && !(st = em_file_line(o->f, "command", i, &line, err)) && line; i++) {
		st = add_command(&o->script, line, err);
		free(line);
	}
	for (size_t i = 0; !st && !(st = em_file_line(o->f, "breakpoint", i, &line, err)) && line; i++) {
		st = breaks_load(&o->breaks, line, err);
		free(line);
	}
	for (size_t i = 0; !st && !(st = em_file_line(o->f, "label", i, &line, err)) && line; i++) {
		st = labels_load(&o->labels, line, err);
		free(line);
	}
	if (st != EM_INPUT && st != EM_USAGE)
		return st;
	st = as_damage(o, st, err);
	o->damaged = true;
	buf_printf(&o->said, "%s; the commands, breaks and labels after that are lost\n", err->msg);
	return EM_OK;
}

/* Everything of the session's from here; nothing can fail any more. */
static void take(struct opening *o, size_t current)
{
	struct session *s = o->s;
	seen_release(s->seen);
	beside_free(s->beside);
	em_run_free(s->run);
	world_release(s->world);
	em_settings_release(s->settings);
	branches_free(&s->branches);
	breaks_free(&s->breaks);
	script_free(&s->script);
	labels_free(&s->labels);
	s->seen = NULL;
	s->branches = o->all;
	s->breaks = o->breaks;
	s->script = o->script;
	s->labels = o->labels;
	o->all = (struct branches){0};
	o->breaks = (struct breaks){0};
	o->script = (struct script){0};
	o->labels = (struct labels){0};
	branches_stand(s, current);
}

static void tell(struct opening *o, size_t current)
{
	const struct branch *b = o->all.all + current;
	const struct em_entry *e = em_run_entry(b->run);
	buf_printf(&o->said, "session: %s with %s steps", world_data(b->world)->name, number_count(em_run_entries(b->run) - 1).s);
	if (o->all.count > 1)
		buf_printf(&o->said, ", %zu branches, in %s", o->all.count, b->name);
	buf_printf(&o->said, "; stands at %s %zu (step %zu)\n", em_entry_name(e), e->iteration, e->step);
}

static enum em_status read_all(struct opening *o, const struct em_hooks *h, size_t *current, struct em_err *err)
{
	size_t count = 0;
	enum em_status st = em_file_open(o->path, o->write, &o->f, err);
	if (!st)
		st = em_file_current(o->f, current, &count, err);
	if (!st && count == 0)
		st = em_fail(err, EM_INPUT, "%s: an empty session; nothing was opened in it", o->path);
	for (size_t i = 0; i < count && !st; i++)
		st = read_branch(o, i, h, err);
	if (!st)
		st = read_lists(o, err);
	if (!st && o->write && o->damaged)
		st = em_fail(err, EM_INPUT, "%s: damaged; nothing more is written to it: open it without --session, and save what can be read", o->path);
	return st;
}

static enum em_status open_file(struct session *s, const char *path, bool write, const struct em_hooks *h, struct em_err *err)
{
	struct opening o = {.s = s, .path = path, .write = write};
	size_t current = 0;
	enum em_status st = read_all(&o, h, &current, err);
	if (!st) {
		tell(&o, current);
		drop(&s->keep);
		take(&o, current);
		while (o.said.len && o.said.s[o.said.len - 1] == '\n')
			o.said.s[--o.said.len] = '\0';
		free(s->said);
		s->said = buf_take(&o.said);
	}
	if (!st && write) {
		remember(&s->keep, o.f, path, s->script.count);
		o.f = NULL;
	}
	em_file_close(o.f);
	opening_free(&o);
	return st;
}

enum em_status keep_open(struct session *s, const char *path, const struct em_hooks *h, struct em_err *err)
{
	if (is_journal(s, path))
		return em_fail(err, EM_USAGE, "%s: the journal of this session; it is open", path);
	return open_file(s, path, false, h, err);
}

enum em_status keep_journal(struct session *s, const char *path, const struct em_hooks *h, struct em_err *err)
{
	if (!*path) {
		keep_close(s);
		return EM_OK;
	}
	if (is_journal(s, path))
		return EM_OK;
	if (em_file_is(path)) {
		keep_close(s);
		return open_file(s, path, true, h, err);
	}
	if (!s->run)
		return em_fail(err, EM_USAGE, "nothing is open; open data first");
	struct em_file *f = NULL;
	enum em_status st = strcmp(path, "-") == 0 ? em_fail(err, EM_USAGE, "a session needs a file of its own, not standard output")
	                                           : em_file_create(path, &f, err);
	if (!st && (st = put_all(s, f, 0, false, err))) {
		em_file_close(f);
		unlink(path);
	}
	if (st)
		return st;
	keep_close(s);
	remember(&s->keep, f, path, s->script.count);
	return EM_OK;
}
