/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

/* From this size on a regular file is mapped instead of copied. */
#define MAP_FROM ((size_t)4 << 20)

static const char nothing[1] = "";

static enum em_status write_all(int fd, const char *bytes, size_t n, const char *path, struct em_err *err)
{
	while (n > 0) {
		ssize_t done = write(fd, bytes, n < SSIZE_MAX ? n : SSIZE_MAX);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return em_fail(err, EM_IO, "%s: cannot write: %s", path, strerror(errno));
		bytes += done;
		n -= (size_t)done;
	}
	return EM_OK;
}

/* A device or pipe: there is no whole to protect. */
static enum em_status write_device(const char *path, const char *bytes, size_t n, struct em_err *err)
{
	int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return em_fail(err, EM_IO, "%s: cannot write: %s", path,
		               errno == ENXIO ? "nobody reads this pipe" : strerror(errno));
	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	enum em_status status = write_all(fd, bytes, n, path, err);
	if (close(fd) && !status)
		status = em_fail(err, EM_IO, "%s: cannot write: %s", path, strerror(errno));
	return status;
}

/* Creates a new file in the directory of path; returns its descriptor and name (owned), or -1 with errno. */
static int open_beside(const char *path, char **name)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash + 1 - path) : 0;
	for (int i = 0; i < 1000; i++) {
		struct buf b = {0};
		buf_printf(&b, "%.*s.elbow-%ld-%d.tmp", dir, path, (long)getpid(), i);
		*name = buf_take(&b);
		if (!*name) {
			errno = ENOMEM;
			return -1;
		}
		int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (fd >= 0)
			return fd;
		int why = errno;
		free(*name);
		*name = NULL;
		errno = why;
		if (why != EEXIST)
			return -1;
	}
	return -1;
}

static enum em_status exists(const char *path, struct em_err *err)
{
	return em_fail(err, EM_USAGE, "%s: exists; add ! to the command to replace it", path);
}

/* Gives the finished file its name. */
static enum em_status put_in_place(const char *temporary, const char *path, bool replace, struct em_err *err)
{
	if (replace) {
		if (rename(temporary, path) == 0)
			return EM_OK;
		return em_fail(err, EM_IO, "%s: cannot write: %s", path, strerror(errno));
	}
	if (link(temporary, path) == 0) {
		unlink(temporary);
		return EM_OK;
	}
#ifdef RENAME_NOREPLACE
	/* A file system without hard links. */
	if (errno != EEXIST && renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return EM_OK;
#endif
	if (errno == EEXIST)
		return exists(path, err);
	return em_fail(err, EM_IO, "%s: cannot write: %s", path, strerror(errno));
}

static enum em_status write_beside(const char *path, bool replace, mode_t mode, const char *bytes, size_t n,
                                   struct em_err *err)
{
	char *temporary = NULL;
	int fd = open_beside(path, &temporary);
	if (fd < 0)
		return errno == ENOMEM ? em_no_memory(err)
		                       : em_fail(err, EM_IO, "%s: cannot write: %s", path, strerror(errno));
	enum em_status status = write_all(fd, bytes, n, path, err);
	if (!status && mode && fchmod(fd, mode & 0777))
		errno = 0; /* the new file keeps its own rights; it is still ours to give a name */
	if (!status && fsync(fd) && errno != EINVAL && errno != ENOTSUP)
		status = em_fail(err, EM_IO, "%s: cannot write: %s", path, strerror(errno));
	if (close(fd) && !status)
		status = em_fail(err, EM_IO, "%s: cannot write: %s", path, strerror(errno));
	if (!status)
		status = put_in_place(temporary, path, replace, err);
	if (status)
		unlink(temporary);
	free(temporary);
	return status;
}

/* Through a symbolic link to the regular file that it names, so that the link stays a link. */
static enum em_status replace_target(const char *path, mode_t mode, const char *bytes, size_t n, struct em_err *err)
{
	char *target = realpath(path, NULL);
	if (!target)
		return errno == ENOMEM ? em_no_memory(err)
		                       : em_fail(err, EM_IO, "%s: cannot write: %s", path, strerror(errno));
	enum em_status status = access(target, W_OK)
	                            ? em_fail(err, EM_IO, "%s: cannot write: %s", path, strerror(errno))
	                            : write_beside(target, true, mode, bytes, n, err);
	free(target);
	return status;
}

enum em_status file_write_whole(const char *path, bool replace, const char *bytes, size_t n, struct em_err *err)
{
	struct stat st;
	size_t length = strlen(path);
	if (length == 0)
		return em_fail(err, EM_USAGE, "no file name given");
	bool there = stat(path, &st) == 0;
	if ((there && S_ISDIR(st.st_mode)) || path[length - 1] == '/')
		return em_fail(err, EM_USAGE, "%s: a folder; give the name of a file", path);
	if (there && (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode)))
		return write_device(path, bytes, n, err);
	if (there && !S_ISREG(st.st_mode))
		return em_fail(err, EM_USAGE, "%s: not a regular file; give another name", path);
	if (!there && lstat(path, &st) == 0)
		return em_fail(err, EM_IO, "%s: a link that leads nowhere; give another name", path);
	if (!there)
		return write_beside(path, replace, 0, bytes, n, err);
	return replace ? replace_target(path, st.st_mode, bytes, n, err) : exists(path, err);
}

enum em_status file_read_fd(int fd, const char *name, struct file_bytes *out, struct em_err *err)
{
	size_t size = 0, room = 65536;
	char *all = NULL;
	struct stat st;
	*out = (struct file_bytes){.bytes = nothing};
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && (uintmax_t)st.st_size < SIZE_MAX / 4)
		room = (size_t)st.st_size + 1; /* one more, so that the end is seen without another round */
	for (;;) {
		if (!all || size == room) {
			if (all)
				room = room < SIZE_MAX / 4 ? room * 2 : SIZE_MAX;
			char *more = room < SIZE_MAX ? realloc(all, room) : NULL;
			if (!more) {
				free(all);
				return em_no_memory(err);
			}
			all = more;
		}
		ssize_t got = read(fd, all + size, room - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			enum em_status status = em_fail(err, EM_IO, "%s: cannot read: %s", name, strerror(errno));
			free(all);
			return status;
		}
		if (got == 0)
			break;
		size += (size_t)got;
	}
	if (size == 0) {
		free(all);
		return EM_OK;
	}
	*out = (struct file_bytes){.bytes = all, .size = size, .memory = all};
	return EM_OK;
}

enum em_status file_map(const char *path, struct file_bytes *out, struct em_err *err)
{
	struct stat st;
	*out = (struct file_bytes){.bytes = nothing};
	if (stat(path, &st))
		return em_fail(err, errno == ENOENT ? EM_INPUT : EM_IO, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return em_fail(err, EM_INPUT, "%s: a folder where a file is expected", path);
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return em_fail(err, EM_INPUT, "%s: neither a file nor a pipe", path);
	int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return em_fail(err, EM_IO, "%s: cannot read: %s", path, strerror(errno));
	enum em_status status = EM_OK;
	void *at = MAP_FAILED;
	if (S_ISREG(st.st_mode) && (uintmax_t)st.st_size >= MAP_FROM && (uintmax_t)st.st_size < SIZE_MAX / 2)
		at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at != MAP_FAILED)
		*out = (struct file_bytes){.bytes = at, .size = (size_t)st.st_size, .mapped = (size_t)st.st_size};
	else
		status = file_read_fd(fd, path, out, err);
	close(fd);
	return status;
}

void file_unmap(struct file_bytes *f)
{
	if (f->mapped)
		munmap((void *)(uintptr_t)f->bytes, f->mapped);
	free(f->memory);
	*f = (struct file_bytes){.bytes = nothing};
}
