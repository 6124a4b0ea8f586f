/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "term/env.h"

#include <fcntl.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

const char *env_term(void)
{
	const char *term = getenv("TERM");
	return term ? term : "";
}

bool env_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 && strncmp(env_term(), "linux", 5) != 0;
}

bool env_no_color(void)
{
	const char *no = getenv("NO_COLOR");
	return no && *no;
}

char *env_data_directory(void)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	struct buf b = {0};
	if (data && data[0] == '/')
		buf_printf(&b, "%s/elbow", data);
	else if (home && home[0] == '/')
		buf_printf(&b, "%s/.local/share/elbow", home);
	else
		return NULL;
	return buf_take(&b);
}

int env_sync_fd(void)
{
	const char *text = getenv("ELBOW_SYNC_FD");
	char *end = NULL;
	long fd = text ? strtol(text, &end, 10) : -1;
	return end && end != text && !*end && fd >= 0 && fd < 1024 && fcntl((int)fd, F_GETFD) >= 0 ? (int)fd : -1;
}
