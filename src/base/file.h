/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whole files: written all or not at all, read or mapped at once. */
#ifndef ELBOW_BASE_FILE_H
#define ELBOW_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "elbow/status.h"

/* Writes a temporary file beside `path`, then puts it in place. Without `replace` an existing file stays as it is
 * and the call fails. A device or pipe at `path` is written to directly. Nothing half-written is ever left. */
enum em_status file_write_whole(const char *path, bool replace, const char *bytes, size_t n, struct em_err *err);

/* The bytes of a file; never NULL, not terminated. Borrowed from the struct until file_unmap(). */
struct file_bytes {
	const char *bytes;
	size_t size;
	void *memory;  /* private: to be freed */
	size_t mapped; /* private: to be unmapped, bytes of it */
};

/* Reads a regular file, or a pipe to its end. Large regular files are mapped, small ones copied (a file of which an
 * editor cuts the tail while it is mapped would end the program). Directories and devices are refused. */
enum em_status file_map(const char *path, struct file_bytes *out, struct em_err *err);
/* Reads an open descriptor to its end; `name` is for messages. */
enum em_status file_read_fd(int fd, const char *name, struct file_bytes *out, struct em_err *err);
void file_unmap(struct file_bytes *f);

#endif
