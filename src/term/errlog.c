/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "term/errlog.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static FILE *file;
static int real = -1;

void errlog_begin(void)
{
	if (file || !isatty(STDERR_FILENO))
		return;
	file = tmpfile();
	real = file ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3) : -1;
	if (real < 0 || dup2(fileno(file), STDERR_FILENO) < 0) {
		if (file)
			fclose(file);
		if (real >= 0)
			close(real);
		file = NULL;
		real = -1;
	}
}

void errlog_end(void)
{
	char part[512];
	ssize_t n;
	if (!file)
		return;
	fflush(stderr);
	dup2(real, STDERR_FILENO);
	if (lseek(fileno(file), 0, SEEK_SET) == 0)
		while ((n = read(fileno(file), part, sizeof part)) > 0)
			if (write(STDERR_FILENO, part, (size_t)n) != n)
				break;
	fclose(file);
	close(real);
	file = NULL;
	real = -1;
}

int errlog_file(void)
{
	return file ? fileno(file) : -1;
}

int errlog_real(void)
{
	return real;
}
