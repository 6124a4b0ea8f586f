/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "term/past.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

enum { LINE_MOST = 4096 };

static void list_free(struct past_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->line[i]);
	free(l->line);
	*l = (struct past_list){0};
}

static void remove_at(struct past_list *l, size_t i)
{
	free(l->line[i]);
	memmove(l->line + i, l->line + i + 1, (--l->n - i) * sizeof *l->line);
}

static bool worth_keeping(const char *bytes, size_t n)
{
	bool black = false;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)bytes[i] < ' ' || bytes[i] == 127)
			return false;
		black |= bytes[i] != ' ';
	}
	return black && n < LINE_MOST;
}

static void list_add(struct past_list *l, const char *bytes, size_t n)
{
	if (!worth_keeping(bytes, n))
		return;
	if (!l->line && !(l->line = calloc(PAST_MOST + 1, sizeof *l->line)))
		return;
	char *copy = strndup(bytes, n);
	if (!copy)
		return;
	for (size_t i = l->n; i-- > 0;)
		if (strcmp(l->line[i], copy) == 0)
			remove_at(l, i);
	if (l->n == PAST_MOST)
		remove_at(l, 0);
	l->line[l->n++] = copy;
}

static void list_read(struct past_list *l, const char *path)
{
	struct file_bytes f;
	struct em_err err;
	if (file_map(path, &f, &err))
		return;
	for (size_t at = 0; at < f.size;) {
		const char *end = memchr(f.bytes + at, '\n', f.size - at);
		size_t n = end ? (size_t)(end - f.bytes) - at : f.size - at;
		list_add(l, f.bytes + at, n);
		at += n + 1;
	}
	file_unmap(&f);
}

/* mkdir -p for the owner alone. */
static void make_directories(char *path)
{
	for (char *p = path + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			mkdir(path, 0700);
			*p = '/';
		}
	mkdir(path, 0700);
}

void past_open(struct past *p, const char *directory, const char *name)
{
	*p = (struct past){0};
	if (!directory)
		return;
	struct buf b = {0};
	buf_printf(&b, "%s/%s", directory, name);
	p->path = buf_take(&b);
	if (p->path)
		list_read(&p->all, p->path);
}

void past_add(struct past *p, const char *line)
{
	list_add(&p->all, line, strlen(line));
	list_add(&p->fresh, line, strlen(line));
}

static bool write_list(int fd, const struct past_list *l)
{
	struct buf b = {0};
	for (size_t i = 0; i < l->n; i++)
		buf_printf(&b, "%s\n", l->line[i]);
	bool ok = !b.failed;
	for (size_t at = 0; ok && at < b.len;) {
		ssize_t n = write(fd, b.s + at, b.len - at);
		ok = n > 0;
		at += ok ? (size_t)n : 0;
	}
	buf_free(&b);
	return ok && fsync(fd) == 0;
}

bool past_save(const struct past *p)
{
	struct past_list merged = {0};
	struct buf temporary = {0};
	if (!p->path || p->fresh.n == 0)
		return true;
	char *directory = strdup(p->path);
	if (!directory)
		return false;
	*strrchr(directory, '/') = '\0';
	make_directories(directory);
	free(directory);
	list_read(&merged, p->path); /* another elbow may have written meanwhile */
	for (size_t i = 0; i < p->fresh.n; i++)
		list_add(&merged, p->fresh.line[i], strlen(p->fresh.line[i]));
	buf_printf(&temporary, "%s.XXXXXX", p->path);
	int fd = temporary.failed ? -1 : mkstemp(temporary.s); /* for the owner alone from the start */
	bool ok = fd >= 0 && write_list(fd, &merged);
	int why = errno;
	ok = fd >= 0 && close(fd) == 0 && ok;
	if (ok && rename(temporary.s, p->path)) {
		why = errno;
		ok = false;
	}
	if (fd >= 0 && !ok)
		unlink(temporary.s);
	buf_free(&temporary);
	list_free(&merged);
	errno = why;
	return ok;
}

void past_close(struct past *p)
{
	list_free(&p->all);
	list_free(&p->fresh);
	free(p->path);
	*p = (struct past){0};
}
