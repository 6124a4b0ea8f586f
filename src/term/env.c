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

/* XDG's rule: the variable where it is an absolute path, else the place below HOME. */
static char *below(const char *variable, const char *otherwise, const char *name)
{
	const char *given = getenv(variable), *home = getenv("HOME");
	struct buf b = {0};
	if (given && given[0] == '/')
		buf_printf(&b, "%s/%s", given, name);
	else if (home && home[0] == '/')
		buf_printf(&b, "%s/%s/%s", home, otherwise, name);
	else
		return NULL;
	return buf_take(&b);
}

char *env_state_directory(void)
{
	return below("XDG_STATE_HOME", ".local/state", "elbow");
}

char *env_config_file(void)
{
	return below("XDG_CONFIG_HOME", ".config", "elbow/init");
}

int env_sync_fd(void)
{
	const char *text = getenv("ELBOW_SYNC_FD");
	char *end = NULL;
	long fd = text ? strtol(text, &end, 10) : -1;
	return end && end != text && !*end && fd >= 0 && fd < 1024 && fcntl((int)fd, F_GETFD) >= 0 ? (int)fd : -1;
}
