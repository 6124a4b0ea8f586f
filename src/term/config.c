/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "term/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "term/env.h"

static void complain(struct buf *wrong, const char *path, size_t line, const char *why)
{
	buf_puts(wrong, wrong->len ? "\nelbow: " : "elbow: ");
	text_safe(wrong, path, strlen(path));
	if (line)
		buf_printf(wrong, ":%zu", line);
	buf_puts(wrong, ": ");
	text_safe(wrong, why, strlen(why));
}

static void run_lines(const struct file_bytes *f, const char *path, void *self,
                      enum em_status (*run)(void *self, const char *line, struct em_err *err), struct buf *wrong)
{
	enum em_status st = EM_OK;
	size_t number = 0;
	for (size_t at = 0; at < f->size && st != EM_CANCELLED;) {
		struct em_err err = {0};
		const char *end = memchr(f->bytes + at, '\n', f->size - at);
		size_t n = end ? (size_t)(end - f->bytes) - at : f->size - at;
		char *line = strndup(f->bytes + at, n);
		number++;
		at += n + 1;
		st = line ? run(self, line, &err) : em_no_memory(&err);
		if (st && st != EM_CANCELLED)
			complain(wrong, path, number, err.msg);
		free(line);
	}
}

void config_run(void *self, enum em_status (*run)(void *self, const char *line, struct em_err *err), struct buf *wrong)
{
	char *path = env_config_file();
	struct stat about;
	struct file_bytes f;
	struct em_err err = {0};
	if (!path)
		return;
	if (stat(path, &about)) {
		if (errno != ENOENT && errno != ENOTDIR)
			complain(wrong, path, 0, strerror(errno));
	} else if (!S_ISREG(about.st_mode)) { /* a pipe could let the start wait for ever */
		complain(wrong, path, 0, "is no file of commands");
	} else if (file_map(path, &f, &err)) {
		struct buf b = {0};
		buf_puts(&b, wrong->len ? "\nelbow: " : "elbow: ");
		text_safe(&b, err.msg, strlen(err.msg)); /* which names the file */
		if (b.s)
			buf_puts(wrong, b.s);
		buf_free(&b);
	} else {
		run_lines(&f, path, self, run, wrong);
		file_unmap(&f);
	}
	free(path);
}
