/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

void source_free(struct source *s)
{
	for (size_t i = 0; i < s->files; i++)
		file_unmap(&s->file[i]);
	free(s->file);
	free(s->name);
	free(s->text);
	arena_free(&s->arena);
	buf_free(&s->notes);
	*s = (struct source){0};
}

enum em_status source_add(struct source *s, const char *name, size_t name_length, struct em_text text,
                          struct em_err *err)
{
	if (s->docs == UINT32_MAX - 1)
		return em_fail(err, EM_INPUT, "more than %zu documents; give fewer", s->docs);
	if (s->docs == s->room) {
		size_t room = s->room ? s->room * 2 : 64;
		const char **names = realloc(s->name, room * sizeof *names);
		if (!names)
			return em_no_memory(err);
		s->name = names;
		struct em_text *texts = realloc(s->text, room * sizeof *texts);
		if (!texts)
			return em_no_memory(err);
		s->text = texts;
		s->room = room;
	}
	s->name[s->docs] = NULL;
	if (name && !(s->name[s->docs] = arena_copy(&s->arena, name, name_length)))
		return em_no_memory(err);
	s->text[s->docs++] = text;
	return EM_OK;
}

/* Keeps the file until the source ends. */
static bool hold(struct source *s, struct file_bytes *f)
{
	if ((s->files & (s->files - 1)) == 0) { /* room doubles at powers of two */
		struct file_bytes *more = realloc(s->file, (s->files ? s->files * 2 : 1) * sizeof *more);
		if (!more)
			return false;
		s->file = more;
	}
	s->file[s->files++] = *f;
	*f = (struct file_bytes){.bytes = ""};
	return true;
}

static size_t line_of(const char *bytes, size_t at)
{
	size_t line = 1;
	for (size_t i = 0; i < at; i++)
		line += bytes[i] == '\n' || (bytes[i] == '\r' && bytes[i + 1] != '\n');
	return line;
}

static bool note_bad(struct source *s, const char *path, size_t line, size_t count)
{
	s->bad_bytes += count;
	struct bad_line *last = s->bad_lines ? &s->bad[s->bad_lines - 1] : NULL;
	if (last && last->line == line && strcmp(last->file, path) == 0) {
		last->count += count;
		return true;
	}
	if (s->bad_lines == BAD_SHOWN)
		return true;
	char *file = arena_copy(&s->arena, path, strlen(path));
	if (!file)
		return false;
	s->bad[s->bad_lines++] = (struct bad_line){file, line, count};
	return true;
}

/* A copy with U+FFFD for what is not UTF-8. */
static enum em_status clean(struct source *s, struct em_text text, const char *path, struct em_text *out,
                            struct em_err *err)
{
	struct buf b = {0};
	size_t line = 1;
	for (size_t at = 0; at < text.length;) {
		const uint8_t *from = (const uint8_t *)text.bytes + at, *wrong = u8_check(from, text.length - at);
		size_t good = wrong ? (size_t)(wrong - from) : text.length - at;
		buf_add(&b, text.bytes + at, good);
		if (!wrong)
			break;
		line += line_of(text.bytes + at, good) - 1;
		at += good;
		ucs4_t c;
		size_t n = (size_t)u8_mbtouc(&c, wrong, text.length - at);
		buf_puts(&b, "\xef\xbf\xbd");
		if (!note_bad(s, path, line, n)) {
			buf_free(&b);
			return em_no_memory(err);
		}
		at += n;
	}
	struct file_bytes copy = {.bytes = b.s, .size = b.len, .memory = b.s};
	*out = (struct em_text){b.s, b.len};
	if (b.failed || !hold(s, &copy)) {
		buf_free(&b);
		return em_no_memory(err);
	}
	return EM_OK;
}

enum em_status source_take(struct source *s, struct file_bytes *f, const char *path, struct em_text *out,
                           struct em_err *err)
{
	struct em_text text = {f->bytes, f->size};
	if (!hold(s, f)) {
		file_unmap(f);
		return em_no_memory(err);
	}
	if (text.length >= 2 && (memcmp(text.bytes, "\xff\xfe", 2) == 0 || memcmp(text.bytes, "\xfe\xff", 2) == 0))
		return em_fail(err, EM_INPUT, "%s: this is UTF-16; give UTF-8 (iconv -f UTF-16 -t UTF-8 converts it)", path);
	const char *zero = text.length ? memchr(text.bytes, '\0', text.length) : NULL;
	if (zero)
		return em_fail(err, EM_INPUT, "%s:%zu: a zero byte, so this is not UTF-8 text; give a text file", path,
		               line_of(text.bytes, (size_t)(zero - text.bytes)));
	if (text.length >= 3 && memcmp(text.bytes, "\xef\xbb\xbf", 3) == 0) {
		text.bytes += 3;
		text.length -= 3;
	}
	*out = text;
	if (u8_check((const uint8_t *)text.bytes, text.length))
		return clean(s, text, path, out, err);
	return EM_OK;
}

enum em_status source_finish(struct source *s, const char *path, struct em_err *err)
{
	if (s->docs == 0)
		return em_fail(err, EM_INPUT, "%s: no documents in it", path);
	for (size_t d = 0; d < s->docs; d++) {
		char made[40];
		if (s->name[d])
			continue;
		int n = snprintf(made, sizeof made, "document %zu", d + 1);
		s->name[d] = arena_copy(&s->arena, made, (size_t)n);
		if (!s->name[d])
			return em_no_memory(err);
	}
	return s->notes.failed ? em_no_memory(err) : EM_OK;
}

bool source_line(struct em_text text, size_t *at, struct em_text *line)
{
	if (*at >= text.length)
		return false;
	const char *from = text.bytes + *at, *end = text.bytes + text.length;
	const char *stop = memchr(from, '\n', (size_t)(end - from));
	const char *cr = memchr(from, '\r', (size_t)((stop ? stop : end) - from));
	if (cr)
		stop = cr;
	*line = (struct em_text){from, (size_t)((stop ? stop : end) - from)};
	*at += line->length;
	if (stop)
		*at += *stop == '\r' && stop + 1 < end && stop[1] == '\n' ? 2 : 1;
	return true;
}

enum em_status lines_read(struct source *s, int fd, const char *name, struct em_err *err)
{
	struct file_bytes f;
	struct em_text all, line;
	enum em_status status = file_read_fd(fd, name, &f, err);
	if (!status)
		status = source_take(s, &f, name, &all, err);
	for (size_t at = 0, i = 1; !status && source_line(all, &at, &line); i++) {
		char made[40];
		int n = snprintf(made, sizeof made, "line %zu", i);
		status = source_add(s, made, (size_t)n, line, err);
	}
	return status;
}
