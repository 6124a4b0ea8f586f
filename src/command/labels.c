/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void labels_free(struct labels *x)
{
	free(x->all);
	*x = (struct labels){0};
}

static struct label *find(const struct labels *x, const char *branch, const char *text)
{
	for (size_t i = 0; i < x->count; i++)
		if (strcmp(x->all[i].branch, branch) == 0 && strcmp(x->all[i].text, text) == 0)
			return x->all + i;
	return NULL;
}

enum em_status labels_put(struct labels *x, const char *branch, size_t step, const char *text, struct em_err *err)
{
	struct label *l = find(x, branch, text);
	if (!*text || strlen(text) >= LABEL_NAME || strpbrk(text, "\t\n") || strspn(text, "0123456789") == strlen(text))
		return em_fail(err, EM_USAGE, "a label is a word or more, up to %d bytes, and no number; for example: label before-alpha", LABEL_NAME - 1);
	if (!l && x->count == x->room) {
		size_t room = 2 * x->room + 8;
		struct label *grown = realloc(x->all, room * sizeof *grown);
		if (!grown)
			return em_no_memory(err);
		x->all = grown;
		x->room = room;
	}
	if (!l) {
		l = x->all + x->count++;
		*l = (struct label){0};
		snprintf(l->branch, sizeof l->branch, "%s", branch);
		snprintf(l->text, sizeof l->text, "%s", text);
	}
	l->step = step;
	return EM_OK;
}

enum em_status labels_find(const struct labels *x, const char *branch, const char *text, size_t *step, struct em_err *err)
{
	const struct label *l = find(x, branch, text);
	if (l) {
		*step = l->step;
		return EM_OK;
	}
	char list[200] = "";
	size_t n = 0;
	for (size_t i = 0; i < x->count && n < sizeof list; i++)
		if (strcmp(x->all[i].branch, branch) == 0)
			n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", x->all[i].text);
	return em_fail(err, EM_USAGE, "no label \"%.40s\"; %s%s", text, n ? "there are " : "there are none: label NAME gives this step one", list);
}

void labels_cut(struct labels *x, const char *branch, size_t from)
{
	size_t kept = 0;
	for (size_t i = 0; i < x->count; i++)
		if (strcmp(x->all[i].branch, branch) != 0 || x->all[i].step < from)
			x->all[kept++] = x->all[i];
	x->count = kept;
}

enum em_status labels_fork(struct labels *x, const char *from, const char *to, size_t step, struct em_err *err)
{
	enum em_status st = EM_OK;
	for (size_t i = 0, n = x->count; i < n && !st; i++) {
		struct label l = x->all[i];
		if (strcmp(l.branch, from) == 0 && l.step <= step)
			st = labels_put(x, to, l.step, l.text, err);
	}
	return st;
}

void labels_list(const struct labels *x, const char *branch, struct buf *out)
{
	for (size_t i = 0; i < x->count; i++)
		if (strcmp(x->all[i].branch, branch) == 0) {
			buf_printf(out, "%6zu  ", x->all[i].step);
			text_safe(out, x->all[i].text, strlen(x->all[i].text));
			buf_putc(out, '\n');
		}
}

bool labels_save(const struct labels *x, size_t i, struct buf *line)
{
	if (i >= x->count)
		return false;
	buf_printf(line, "%zu %s\t%s", x->all[i].step, x->all[i].branch, x->all[i].text);
	return true;
}

enum em_status labels_load(struct labels *x, const char *line, struct em_err *err)
{
	char *end, branch[BRANCH_NAME];
	size_t step = strtoull(line, &end, 10);
	const char *tab = strchr(line, '\t');
	if (end == line || *end != ' ' || !tab || (size_t)(tab - end) > sizeof branch)
		return em_fail(err, EM_INPUT, "\"%.80s\" is no label", line);
	snprintf(branch, sizeof branch, "%.*s", (int)(tab - end - 1), end + 1);
	return labels_put(x, branch, step, tab + 1, err);
}
