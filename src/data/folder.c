/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/text.h"
#include "data/source.h"

/* A folder being walked: folders still to read, folders read (by device and inode, so that a link back up ends the
 * walk there), and the files found. Paths are relative to the root. */
struct walk {
	const char *root;
	struct table folders, seen, files;
	size_t others;      /* files that are not .txt */
	const char *other;  /* one of them, of a kind that can be opened by itself */
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_ending(const char *name, const char *ending)
{
	size_t n = strlen(name), m = strlen(ending);
	return n > m && strcasecmp(name + n - m, ending) == 0;
}

static bool join(struct buf *b, const char *folder, const char *name)
{
	b->len = 0;
	buf_puts(b, folder);
	if (*folder && folder[strlen(folder) - 1] != '/')
		buf_putc(b, '/');
	buf_puts(b, name);
	return !b->failed;
}

static void free_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

/* The names in a folder, sorted, without hidden ones. */
static enum em_status list(const char *path, char ***out, size_t *count, struct em_err *err)
{
	DIR *dir = opendir(path);
	if (!dir)
		return errno == ENOMEM ? em_no_memory(err)
		                       : em_fail(err, EM_IO, "%s: cannot read this folder: %s", path, strerror(errno));
	char **names = NULL;
	size_t n = 0, room = 0;
	for (struct dirent *e; (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		if (n == room) {
			room = room ? room * 2 : 32;
			char **more = realloc(names, room * sizeof *more);
			if (!more)
				goto no_memory;
			names = more;
		}
		if (!(names[n] = strdup(e->d_name)))
			goto no_memory;
		n++;
	}
	closedir(dir);
	if (n)
		qsort(names, n, sizeof *names, by_name);
	*out = names;
	*count = n;
	return EM_OK;
no_memory:
	closedir(dir);
	free_names(names, n);
	return em_no_memory(err);
}

/* Sorts one name into folders to read, files to read, and others. */
static enum em_status look_at(struct walk *w, const char *folder, const char *name, struct buf *relative,
                              struct buf *full, struct em_err *err)
{
	struct stat st;
	if (!join(relative, folder, name) || !join(full, w->root, relative->s))
		return em_no_memory(err);
	bool text = has_ending(name, ".txt");
	if (stat(full->s, &st)) {
		if (!text)
			return EM_OK; /* a dangling link of no interest */
		return em_fail(err, EM_IO, "%s: cannot read: %s", full->s, strerror(errno));
	}
	if (S_ISDIR(st.st_mode))
		return table_add(&w->folders, relative->s, relative->len) == TABLE_NONE ? em_no_memory(err) : EM_OK;
	if (text && S_ISREG(st.st_mode))
		return table_add(&w->files, relative->s, relative->len) == TABLE_NONE ? em_no_memory(err) : EM_OK;
	w->others++;
	if (!w->other && (has_ending(name, ".csv") || has_ending(name, ".tsv") || has_ending(name, ".ldac"))) {
		uint32_t kept = table_add(&w->seen, full->s, full->len);
		if (kept == TABLE_NONE)
			return em_no_memory(err);
		w->other = w->seen.key[kept].bytes;
	}
	return EM_OK;
}

static enum em_status walk_folder(struct walk *w, const char *folder, struct em_err *err)
{
	struct buf relative = {0}, full = {0};
	char **names = NULL;
	size_t count = 0;
	struct stat st;
	enum em_status status = EM_OK;
	if (!join(&full, w->root, folder))
		status = em_no_memory(err);
	else if (stat(full.s, &st))
		status = em_fail(err, EM_IO, "%s: cannot read this folder: %s", full.s, strerror(errno));
	if (!status) {
		char key[sizeof st.st_dev + sizeof st.st_ino];
		memcpy(key, &st.st_dev, sizeof st.st_dev);
		memcpy(key + sizeof st.st_dev, &st.st_ino, sizeof st.st_ino);
		uint32_t before = w->seen.count, at = table_add(&w->seen, key, sizeof key);
		if (at == TABLE_NONE)
			status = em_no_memory(err);
		else if (at == before)
			status = list(full.s, &names, &count, err);
	}
	for (size_t i = 0; !status && i < count; i++)
		status = look_at(w, folder, names[i], &relative, &full, err);
	free_names(names, count);
	buf_free(&relative);
	buf_free(&full);
	return status;
}

static enum em_status read_one(struct source *s, const char *root, const char *relative, struct buf *full,
                               struct em_err *err)
{
	struct file_bytes f;
	struct em_text text;
	if (!join(full, root, relative))
		return em_no_memory(err);
	enum em_status status = file_map(full->s, &f, err);
	if (!status)
		status = source_take(s, &f, full->s, &text, err);
	return status ? status : source_add(s, relative, strlen(relative) - strlen(".txt"), text, err);
}

static void note_others(struct source *s, const struct walk *w)
{
	buf_printf(&s->notes, "left out  %zu file%s not .txt", w->others, w->others > 1 ? "s" : "");
	if (w->other) {
		const char *slash = strrchr(w->other, '/');
		buf_puts(&s->notes, "; can be opened by itself: ");
		text_clip(&s->notes, slash ? slash + 1 : w->other, 30, false);
	}
	buf_putc(&s->notes, '\n');
}

static enum em_status read_all(struct source *s, struct walk *w, struct em_err *err)
{
	if (w->files.count == 0 && w->other)
		return em_fail(err, EM_INPUT, "%s: no .txt files in this folder; to open %s give that file", w->root, w->other);
	if (w->files.count == 0)
		return em_fail(err, EM_INPUT, "%s: no .txt files in this folder or below; give a folder of .txt, a .csv, .tsv, "
		               ".ldac or .dat", w->root);
	const char **path = malloc(w->files.count * sizeof *path);
	if (!path)
		return em_no_memory(err);
	for (uint32_t i = 0; i < w->files.count; i++)
		path[i] = w->files.key[i].bytes;
	qsort(path, w->files.count, sizeof *path, by_name);
	struct buf full = {0};
	enum em_status status = EM_OK;
	for (uint32_t i = 0; !status && i < w->files.count; i++)
		status = read_one(s, w->root, path[i], &full, err);
	buf_free(&full);
	free(path);
	if (w->others)
		note_others(s, w);
	return status;
}

enum em_status folder_read(struct source *s, const char *path, struct em_err *err)
{
	struct walk w = {.root = path};
	enum em_status status = table_add(&w.folders, "", 0) == TABLE_NONE ? em_no_memory(err) : EM_OK;
	for (uint32_t i = 0; !status && i < w.folders.count; i++)
		status = walk_folder(&w, w.folders.key[i].bytes, err);
	if (!status)
		status = read_all(s, &w, err);
	table_free(&w.folders);
	table_free(&w.seen);
	table_free(&w.files);
	return status;
}
